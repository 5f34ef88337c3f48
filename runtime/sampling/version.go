package sampling

// EnforceVersion lets emitted packages that import this one check, when they are
// compiled, that both fit: a negative constant does not convert to it.
//
// An emitted package states the version it was made for. When this package gains
// something that emitted code uses, MaxVersion rises by one and so does the
// version the generator states. When something that older emitted code uses
// changes its meaning or goes, MinVersion rises to MaxVersion.
type EnforceVersion uint

// Versions of emitted code that this runtime serves.
const (
	MinVersion = 1
	MaxVersion = 1
)
