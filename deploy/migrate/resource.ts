// A resource or settings file while it is being written.
export type Resource = Record<string, any>;
