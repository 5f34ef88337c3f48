// Package expr is the language of energies: what stands behind
// `energy: "0.5*a*(u - m)^2"` in a model file.
//
// An expression names the slots of its factor (spins as ±1, categoricals as
// 0 … K-1, continuous scalars and vectors) and the factor's parameters. Parse
// checks it against a Scope and gives a tree of scalar operations; vectors and
// the functions on them are written out by component. On the tree work
//
//	Simplify    like terms and factors together, constants folded
//	Derivative  the derivative by a slot's value or a parameter
//	Monomials   the expression as a polynomial of spins and continuous slots
//	Eval        its value in float64
//	Domain      where it could divide by zero or leave the domain of a function
//
// Precedence is that of mathematics, from loose to tight:
//
//	==  !=  <  <=  >  >=      1 or 0; not chained
//	+  -                      left to right
//	*  /                      left to right
//	-x  +x
//	^                         power, right to left: -x^2 is -(x^2), 2^3^2 is 2^9
//	f(x, …)  x[i, …]  (x)
//
// Functions: exp, log, sqrt, sin, cos, tanh, abs of one argument; min, max of two
// or more; sum of a vector and dot of two. On vectors operators and functions work
// by component, a scalar with each of them. u[0] is a component. W[c, d] is an
// element of a parameter, its indices categorical slots or whole numbers; a last
// index `:`, as in m[:] or M[c, :], is the vector along a last axis.
package expr
