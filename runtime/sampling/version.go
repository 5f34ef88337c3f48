package sampling

// Emitted packages that import this one check when they are compiled that both
// fit: a negative constant does not convert to these types. The compiler's message
// names the type, and so says what to do.
//
// An emitted package states the version it was made for. When this package gains
// something that emitted code uses, MaxVersion rises by one and so does the
// version the generator states. When something that older emitted code uses
// changes its meaning or goes, MinVersion rises to MaxVersion.
type (
	// PackageTooOldEmitItAgain holds for packages of MinVersion and later ones.
	PackageTooOldEmitItAgain uint
	// RuntimeTooOldUpdateItInGoMod holds for packages up to MaxVersion.
	RuntimeTooOldUpdateItInGoMod uint
)

// Versions of emitted code that this runtime serves.
const (
	MinVersion = 2
	MaxVersion = 4
)
