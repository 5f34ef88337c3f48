package diag

// The codes of problems that package pass finds when it fixes the number format.
const (
	FormatBudget = "format-budget" // a number format that misses the error budget
	BadFormat    = "bad-format"    // keys of a number format that do not go together
	FormatFit    = "format-fit"    // weights or sums that do not fit their bits

	TailDropped = "tail-dropped" // warning: rare values are never taken
	WeightLost  = "weight-lost"  // warning: weights that round to 0
	CoarseLaw   = "coarse-law"   // warning: a large error of the probabilities and no budget
	NotUsed     = "not-used"     // warning: a key that has no effect in this model
)
