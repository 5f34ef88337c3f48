package diag

// The codes of problems of a command rather than of a model.
const (
	Usage       = "usage"       // flags or arguments that cannot be used
	Environment = "environment" // a file, folder, tool or device failed
	Foreign     = "foreign"     // a file or folder that is not ours to write
	Edited      = "edited"      // a file of ours that somebody changed
	BadStates   = "bad-states"  // states, or a saved run, that do not belong to the model
	NotEmitted  = "not-emitted" // a model that a target cannot emit
	TooMuch     = "too-much"    // a stated limit is passed
	Interrupted = "interrupted" // stopped by a signal
	Internal    = "internal"    // a fault of the generator
)
