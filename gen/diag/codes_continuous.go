package diag

// Codes of continuous variables and energies as expressions.
const (
	Diverged      = "diverged"       // dynamics that left the finite numbers
	Unbounded     = "unbounded"      // an energy that has no lower bound
	NotChecked    = "not-checked"    // warning: something that is too large to check
	BadExpression = "bad-expression" // an energy that cannot be read
	ParamShape    = "param-shape"    // a parameter of another shape than its use needs
	OutOfDomain   = "out-of-domain"  // an energy that may divide by zero, and the like
	NotQuadratic  = "not-quadratic"  // a continuous variable without a Gaussian conditional
)
