// Writes what Go's regexp, which has RE2's syntax and semantics, says about generated patterns and inputs:
//
//	go run tests/differential/regex-fixtures/main.go > tests/differential/fixtures/regex.json
//
// One row per pattern: [pattern, null] when it is refused, otherwise [pattern, [[input, whole, start, end]…]] with
// whole = 1 when the whole input matches, and the leftmost-longest match in bytes (-1 without one).
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strings"
)

const patterns = 2000
const inputsPerPattern = 6

var random = rand.New(rand.NewSource(20261124))

func one(choices ...string) string { return choices[random.Intn(len(choices))] }

var atoms = []string{
	"a", "b", "c", "A", "B", "k", "s", "0", "7", "_", "-", " ", "é", "É", "ß", "σ", "ς", "Σ", "日", "😀", "K", "ſ", "\\n",
	".", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "[ab]", "[^ab]", "[a-c0-9]", "[^a-z]", "[[:alpha:]]", "[[:^digit:]]",
	"[\\d_-]", "[^\\w]", "\\pL", "\\p{Lu}", "\\P{L}", "[\\p{Nd}a]", "\\p{^Ll}", "\\x61", "\\x{e9}", "\\141", "\\Qa.b\\E",
	"[à-ö]", "[^é]", "[😀-😄]", "\\.", "\\*", "[]a]", "[a\\]]", "[a-]", "\\t", "[[:word:]é]", "\\p{Any}", "[\\x00-\\x7f]",
	"[^\\x00-\\x{10FFFF}]", "\\pZ", "\\p{Sc}", "€", "[[:punct:]]", "\\a", "\\-", "\\07", "[k-s]", "[^\\PL]",
}

var anchors = []string{"^", "$", "\\A", "\\z", "\\b", "\\B"}

var repeats = []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}", "{1,2}?"}

func pattern(depth int) string {
	var b strings.Builder
	for i := 1 + random.Intn(4); i > 0; i-- {
		b.WriteString(item(depth))
	}
	if random.Intn(4) == 0 {
		b.WriteString("|")
		if random.Intn(6) > 0 {
			b.WriteString(item(depth))
		}
	}
	return b.String()
}

func item(depth int) string {
	if random.Intn(10) == 0 {
		return one(anchors...)
	}
	base := one(atoms...)
	if depth > 0 && random.Intn(3) == 0 {
		base = one("(", "(?:", "(?i:", "(?s:", "(?m:", "(?P<n>", "(?-i:", "(?U:") + pattern(depth-1) + ")"
		if strings.HasPrefix(base, "(?P<n>") {
			base = strings.Replace(base, "<n>", fmt.Sprintf("<n%d>", random.Intn(1000000)), 1)
		}
	}
	if random.Intn(3) == 0 {
		base += one(repeats...)
	}
	return base
}

// Patterns one step away from right: a few characters dropped, doubled or put in.
func damaged(source string) string {
	runes := []rune(source)
	for n := 1 + random.Intn(2); n > 0 && len(runes) > 0; n-- {
		at := random.Intn(len(runes))
		switch random.Intn(3) {
		case 0:
			runes = append(runes[:at], runes[at+1:]...)
		case 1:
			runes = append(runes[:at+1], runes[at:]...)
		default:
			extra := []rune("()[]{}*+?|\\^$-:,<>=!PpQECxz019")
			runes = append(runes[:at], append([]rune{extra[random.Intn(len(extra))]}, runes[at:]...)...)
		}
	}
	return string(runes)
}

var letters = []string{
	"a", "b", "c", "A", "B", "k", "K", "s", "S", "0", "7", "_", "-", " ", "\n", "é", "É", "ß", "ẞ", "σ", "ς", "Σ", "日", "😀",
	"😁", "K", "ſ", ".", "*", "\t", "€", "]", "\a", "a.b", "aa", "ab",
}

func input() string {
	var b strings.Builder
	for i := random.Intn(7); i > 0; i-- {
		b.WriteString(one(letters...))
	}
	return b.String()
}

// Syntax that the generator would seldom reach.
var fixed = []string{
	"", "a|", "|a", "||", "()", "(|a)*", "(a*)*", "(a*)+", "(a+)+$", "(a|aa)+$", "(^)*a", "^*a", "(?:^|b)a", "\\b*a",
	"a**", "a*?*", "a+*", "a{2}{3}", "(a{2}){3}", "a{1001}", "a{1000}", "a{2,1}", "a{,2}", "a{2", "a{", "{", "{a}", "a{01}", "a{1,01}",
	"(a{100}){11}", "(a{10}){100}", "((a{10}){10}){10}", "((a{10}){10}){11}", "(a{500,}){3}", "(a{0,1000}){0}",
	"*", "+a", "(*a)", "a|*", "(?i)*", "a(?i)*", "a*(?i)*", "?", "^?", "$*",
	"(", ")", "a)", "(a", "(?", "(?:", "(?i", "(?i)", "(?i)a", "(?i:a", "(?z)", "(?i-)", "(?-)", "(?--i)", "(?i-i)a", "(?-i)a", "(?ims-U)a",
	"(?)", "(?:)", "(?P<a>b)", "(?<a>b)", "(?P<a>b)(?P<a>c)", "(?P<>b)", "(?P<a b>c)", "(?P<a", "(?P=a)", "(?P>a)", "(?'a'b)", "(?<é>b)",
	"(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", "(?#a)", "a(?i)b|c", "(a(?i)b)c", "(?i)a(?-i)b",
	"\\", "a\\", "\\1", "\\8", "\\0", "\\08", "\\12", "\\777", "\\018", "\\xa", "\\x6", "\\x61", "\\x{61}", "\\x{}", "\\x{110000}", "\\x{61", "\\x{zz}",
	"\\C", "\\E", "\\Q", "\\Qa", "\\Qa\\E*", "\\Qab\\E+", "\\Q\\E", "\\Q\\E*", "a\\Q\\E*", "\\Qa\\b\\E", "\\e", "\\_", "\\-", "\\é", "\\Z", "\\G", "\\K", "\\X", "\\R", "\\h", "\\k<a>", "\\u0061", "\\c",
	"\\p", "\\pX", "\\p{", "\\p{}", "\\p{L", "\\p{Foo}", "\\p{lu}", "\\pl", "\\P{^Lu}", "\\p{^Lu}", "\\p{^}", "\\p{Lu}{2}", "[\\pL\\d]", "[^\\pL\\d]",
	"[", "[]", "[]]", "[^]", "[^]]", "[a", "[a-", "[a-]", "[-a]", "[--a]", "[a-c-e]", "[c-a]", "[a-\\d]", "[\\d-a]", "[\\w-]", "[a\\-c]", "[\\b]", "[\\Q]", "[\\z]", "[\\x61-\\x63]",
	"[[:alpha:]]", "[[:^alpha:]]", "[[:foo:]]", "[[:alpha:]", "[:alpha:]", "[[:alpha]]", "[[:alpha:]-z]", "[a-[:alpha:]]", "[[a]", "[[:word:]]+", "[^[:^alpha:]]", "[[.a.]]", "[[=a=]]",
	"(?i)[[:upper:]]", "(?i)[^[:upper:]]", "(?i)\\w", "(?i)\\W", "(?i)[k]", "(?i)[^k]", "(?i)k", "(?i)ſ", "(?i)[a-z]+", "(?i)\\p{Lu}", "(?i)\\p{Ll}", "(?i)\\P{Lu}", "(?i)[^\\P{Lu}]", "(?i)ǆ", "(?i)σ", "(?i)µ", "(?i)θ", "(?i)Ω",
	"(?s).", "(?s:.).", ".", "(?m)^a$", "(?m)^", "(?m)$", "(?m)^$", "^$", "(?m)a$\\nb", "(?m)\\Aa", "\\Aa\\z", "(?m:^)a", "a$b", "a^b", "\\b", "\\B", "\\ba\\b", "\\bé\\b", "a\\Bb", "a\\bé", "(?i)\\bK\\b", "\\b\\B", "^\\b$", "(?m)^\\b|$\\B",
	"\\d+\\.\\d+", "[0-9]{3}-[0-9]{4}", ".*Mobile.*", "(?i).*mobile.*", "^/api/v[12]/(users|orders)/[^/]+$", "(a|b)*abb", "(abcd|c)", "x.*y|x", "a|ab|abc", "(?U)a+", "(?U)a+?", "a??b", "((((((a))))))",
}

var fixedInputs = []string{"", "a", "ab", "abc", "aa", "b", "\n", "a\nb", "é", "K", "k", "ſ", "ß", "A", "Z", "_", "-", "]", "aab", "abb", "1.5", "555-1234", "ba", "E", "Q", "aE", "^", "{", "a{2", "Σ", "ς", "μ", "ϑ", "Ω", "Mobile", "/api/v1/users/7", "abcd", "xaay", "c", "z", "0"}

func rows(source string, inputs []string) []any {
	bare, err := regexp.Compile(source)
	if err != nil {
		return []any{source, nil}
	}
	whole := regexp.MustCompile(`\A(?:` + source + `)\z`)
	bare.Longest()
	results := [][]any{}
	for _, text := range inputs {
		matched := 0
		if whole.MatchString(text) {
			matched = 1
		}
		start, end := -1, -1
		if found := bare.FindStringIndex(text); found != nil {
			start, end = found[0], found[1]
		}
		results = append(results, []any{text, matched, start, end})
	}
	return []any{source, results}
}

// A pattern whose group name or comment would swallow the wrapping is left out: it must compile wrapped as well.
func usable(source string) bool {
	_, bare := regexp.Compile(source)
	_, wrapped := regexp.Compile(`\A(?:` + source + `)\z`)
	return (bare == nil) == (wrapped == nil)
}

func main() {
	out := os.Stdout
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	separator := "["
	emit := func(row []any) {
		fmt.Fprint(out, separator)
		if err := encoder.Encode(row); err != nil {
			panic(err)
		}
		separator = ","
	}
	for _, source := range fixed {
		if usable(source) {
			emit(rows(source, fixedInputs))
		}
	}
	for i := 0; i < patterns; i++ {
		source := pattern(2)
		if i%4 == 3 {
			source = damaged(source)
		}
		if !usable(source) {
			continue
		}
		inputs := []string{}
		for k := 0; k < inputsPerPattern; k++ {
			inputs = append(inputs, input())
		}
		emit(rows(source, inputs))
	}
	fmt.Fprintln(out, "]")
}
