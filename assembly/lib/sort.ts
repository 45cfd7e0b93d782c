// Puts lists in order at configuration time. Array#sort is four functions for every type of item,
// a kilobyte each time.

/**
 * Puts `items` in order where they are and gives them back: Shell's sort (1959) with the gaps of
 * Gonnet and Baeza-Yates (1991). `order` is above zero for what is to change places; what is
 * equal may do so too.
 */
export function sort<T>(items: T[], order: (a: T, b: T) => i32): T[] {
  for (let gap = items.length; gap > 1;) {
    gap = gap < 5 ? 1 : (gap * 5 - 1) / 11;
    for (let i = gap; i < items.length; i++) {
      const item = items[i];
      let place = i;
      for (; place >= gap && order(items[place - gap], item) > 0; place -= gap)
        items[place] = items[place - gap];
      items[place] = item;
    }
  }
  return items;
}
