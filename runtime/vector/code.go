package vector

// Programs of expressions, for 64 chains. A program is a list of operations on one value,
// in registers, whose operands are in memory: At bytes behind a base. Those of float32
// round every operation; functions are worked out in float64 and rounded.

// OpCode is an operation. Where the order of operands matters, the value is the left one
// unless the name says otherwise.
type OpCode int32

const (
	OpEnd OpCode = iota
	OpLoad
	OpConstant
	OpStore

	OpAdd
	OpSubtract
	OpSubtractFrom // the operand less the value
	OpMultiply
	OpDivide
	OpDivideInto // the operand by the value

	OpAddConstant
	OpSubtractConstant
	OpSubtractFromConstant
	OpMultiplyConstant
	OpDivideConstant
	OpDivideIntoConstant

	OpNegate
	OpAbsolute
	OpRoot
	OpSquare
	OpPower // At multiplications of 1 by the value, in float64

	OpLeast // these have the operand on the left
	OpGreatest
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpEqual
	OpNotEqual

	OpExponential
	OpLogarithm
	OpTangent // hyperbolic
	OpSine
	OpCosine

	OpTerms     // add the products of At terms, from 1 up, in float32
	OpLoadSpin  // ±1 of bits
	OpLoadByte  // numbers of 8 bits
	OpLoadShort // and of 16
	OpLoadWide  // of float64, in programs of float64, whose OpLoad is of float32
	OpMove      // does the program's Move, in programs of float32
)

// An Op is an operation of a program.
type Op struct {
	Code  OpCode
	Base  Base
	Value uint64 // bits of a constant
	At    int
	Terms *Term
}

// Base is where operands are.
type Base int32

const (
	BaseState  Base = iota // rows of numbers
	BaseStack              // values put aside
	BaseOwn                // a row in place of that of a node
	BaseOut                // rows for results
	BaseBits               // words of spins
	BaseBytes              // categories
	BaseShorts             // and large ones
)

// Program is a program of float32 or float64 with its bases. Far is not 0 after a run that
// met the sine or cosine of a number from 2^19 up, or of none, which the kernel does not
// know; its results are of no use.
type Program[T float32 | float64] struct {
	State  *float32
	Stack  *[64]T
	Own    *[64]float32
	Out    *[64]T
	Bits   *uint64
	Bytes  *uint8
	Shorts *uint16
	_      uintptr
	Ops    *Op
	Far    uint64
	Move   *Move
}

// Move is sweeps of Langevin by a program that puts slopes into its rows of results and
// ends in OpMove: rows of the state become x - Step·slope + Scale·normal. It ends early
// where Far is not 0.
type Move struct {
	At     *int32       // where rows are, in bytes
	Normal *[64]float32 // numbers, row after row in sweep after sweep
	Rows   int          // 1 or more
	Sweeps int          // left; 1 or more
	Step   float32
	Scale  float32
}

// MostOps is how many operations a program should have, so that a run ends soon.
const MostOps = 1 << 12
