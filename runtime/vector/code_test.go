package vector_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/thrmlgen/thrmlgen/runtime/sampling"
	"github.com/thrmlgen/thrmlgen/runtime/vector"
)

// operations are those of package sampling with a kernel. Of two operands the kernel has
// one in memory, the left one where swapped says so; a constant one behind it.
var operations = []struct {
	code     vector.OpCode
	op       sampling.CodeOpKind
	swapped  bool
	constant vector.OpCode
}{
	{vector.OpAdd, sampling.CodeAdd, false, vector.OpAddConstant},
	{vector.OpSubtract, sampling.CodeSub, false, vector.OpSubtractConstant},
	{vector.OpSubtractFrom, sampling.CodeSub, true, vector.OpSubtractFromConstant},
	{vector.OpMultiply, sampling.CodeMul, false, vector.OpMultiplyConstant},
	{vector.OpDivide, sampling.CodeDiv, false, vector.OpDivideConstant},
	{vector.OpDivideInto, sampling.CodeDiv, true, vector.OpDivideIntoConstant},
	{vector.OpLeast, sampling.CodeMin, true, 0},
	{vector.OpGreatest, sampling.CodeMax, true, 0},
	{vector.OpLess, sampling.CodeLess, true, 0},
	{vector.OpLessEqual, sampling.CodeLessEq, true, 0},
	{vector.OpGreater, sampling.CodeGreater, true, 0},
	{vector.OpGreaterEqual, sampling.CodeGreaterEq, true, 0},
	{vector.OpEqual, sampling.CodeEqual, true, 0},
	{vector.OpNotEqual, sampling.CodeNotEqual, true, 0},
	{vector.OpNegate, sampling.CodeNeg, false, 0},
	{vector.OpAbsolute, sampling.CodeAbs, false, 0},
	{vector.OpRoot, sampling.CodeSqrt, false, 0},
	{vector.OpExponential, sampling.CodeExp, false, 0},
	{vector.OpLogarithm, sampling.CodeLog, false, 0},
	{vector.OpTangent, sampling.CodeTanh, false, 0},
	{vector.OpSine, sampling.CodeSin, false, 0},
	{vector.OpCosine, sampling.CodeCos, false, 0},
}

// number64 is like number32, and many are where functions change their ways.
func number64(r *rand.Rand) float64 {
	near := []float64{0.5, 22, -22, 0.7071067811865476, 1, 709.8, -745.2, -745, -708.4, 709, -690, 524288, 1.5707963267948966, 3.141592653589793, 88.7, -104}
	switch r.IntN(6) {
	case 0:
		return float64(number32(r))
	case 1:
		return math.Float64frombits(r.Uint64())
	case 2:
		x := near[r.IntN(len(near))]
		return math.Float64frombits(math.Float64bits(x) + uint64(r.IntN(5)) - 2)
	case 3:
		return 40 * r.NormFloat64()
	case 4:
		return 1e4 * r.NormFloat64()
	}
	return r.NormFloat64()
}

// Every operation of programs is Operate of package sampling, rounded in float32, for
// ordinary numbers and for those at the edges.
func TestOperations(t *testing.T) {
	needs512(t)
	r := rand.New(rand.NewPCG(9, 10))
	stack32, freeStack32 := guarded[[64]float32](t)
	stack64, freeStack64 := guarded[[64]float64](t)
	out32, freeOut32 := guarded[[64]float32](t)
	out64, freeOut64 := guarded[[64]float64](t)
	tried, far := 0, 0
	for round := range 400 {
		var x, y [64]float64
		for c := range x {
			x[c], y[c] = number64(r), number64(r)
			if round%2 == 0 { // none that a kernel gives back
				x[c] = math.Mod(x[c], 1<<19)
			}
			if x[c] != x[c] && round%2 == 0 {
				x[c] = 1
			}
		}
		constant := y[0]
		for _, o := range operations {
			for _, withConstant := range []bool{false, true} {
				if withConstant && o.constant == 0 {
					continue
				}
				code, z := o.code, y
				if withConstant {
					code = o.constant
					for c := range z {
						z[c] = constant
					}
				}
				program := func(value uint64, first vector.OpCode) []vector.Op {
					return []vector.Op{{Code: first, Base: vector.BaseOut}, {Code: code, Base: vector.BaseStack, Value: value},
						{Code: vector.OpStore, Base: vector.BaseOut}, {}}
				}
				want := func(c int, x, z float64) float64 {
					if o.swapped {
						x, z = z, x
					}
					return sampling.Operate(o.op, x, z)
				}
				var in32 [64]float32
				for c := range x {
					in32[c], stack32[c] = float32(x[c]), float32(z[c])
				}
				*out32, *out64, *stack64 = in32, x, z
				ops32, ops64 := program(uint64(math.Float32bits(float32(constant))), vector.OpLoad), program(math.Float64bits(constant), vector.OpLoadWide)
				p32 := vector.Program[float32]{Stack: stack32, Out: out32, Ops: &ops32[0]}
				p64 := vector.Program[float64]{Stack: stack64, Out: out64, Ops: &ops64[0]}
				vector.RunCode512(&p32)
				vector.RunWide512(&p64)
				if p32.Far != 0 || p64.Far != 0 {
					far++
				}
				for c := range 64 {
					tried++
					x32, z32 := float64(in32[c]), float64(float32(z[c]))
					if got, want := out32[c], float32(want(c, x32, z32)); p32.Far == 0 && !same(got, want) {
						t.Fatalf("%v in float32 of %v, %v: %v, want %v", o.op, x32, z32, got, want)
					}
					if got, want := out64[c], want(c, x[c], z[c]); p64.Far == 0 && !same(got, want) {
						t.Fatalf("%v of %v, %v: %v (%x), want %v", o.op, x[c], z[c], got, math.Float64bits(got), want)
					}
				}
			}
		}
	}
	if far == 0 || far > 900 {
		t.Errorf("%d runs gave up", far)
	}
	t.Logf("%d operations, %d runs gave up", tried, far)
	freeStack32()
	freeStack64()
	freeOut32()
	freeOut64()
}

// What programs read: rows, constants, powers, terms, states of spins and categories.
func TestPrograms(t *testing.T) {
	needs512(t)
	r := rand.New(rand.NewPCG(11, 12))
	state, freeState := guarded[[3][64]float32](t)
	own, freeOwn := guarded[[64]float32](t)
	spins, freeSpins := guarded[[2]uint64](t)
	bytes, freeBytes := guarded[[2][64]uint8](t)
	shorts, freeShorts := guarded[[2][64]uint16](t)
	out32, freeOut32 := guarded[[9][64]float32](t)
	out64, freeOut64 := guarded[[9][64]float64](t)
	for round := range 200 {
		for i := range state {
			fill32(r, state[i][:])
		}
		fill32(r, own[:])
		for i := range spins {
			spins[i] = r.Uint64()
		}
		for i := range bytes {
			for c := range bytes[i] {
				bytes[i][c], shorts[i][c] = uint8(r.Uint32()), uint16(r.Uint32())
			}
		}
		terms := []vector.Term{{Weight: number32(r), At: 256}, {Weight: number32(r), At: 512}}
		power, constant := r.IntN(7), number32(r)
		program := func(value uint64, size int) *vector.Op {
			ops := []vector.Op{}
			row := 0
			put := func(list ...vector.Op) {
				ops = append(append(ops, list...), vector.Op{Code: vector.OpStore, Base: vector.BaseOut, At: row * size})
				row++
			}
			put(vector.Op{Code: vector.OpLoad, At: 256})
			put(vector.Op{Code: vector.OpLoad, Base: vector.BaseOwn})
			put(vector.Op{Code: vector.OpLoadSpin, Base: vector.BaseBits, At: 8})
			put(vector.Op{Code: vector.OpLoadByte, Base: vector.BaseBytes, At: 64})
			put(vector.Op{Code: vector.OpLoadShort, Base: vector.BaseShorts, At: 128})
			put(vector.Op{Code: vector.OpLoad, At: 512}, vector.Op{Code: vector.OpPower, At: power})
			put(vector.Op{Code: vector.OpLoad, At: 512}, vector.Op{Code: vector.OpSquare})
			put(vector.Op{Code: vector.OpConstant, Value: value})
			if size == 256 {
				put(vector.Op{Code: vector.OpLoad}, vector.Op{Code: vector.OpTerms, At: len(terms), Terms: &terms[0]})
			}
			ops = append(ops, vector.Op{})
			return &ops[0]
		}
		vector.RunCode512(&vector.Program[float32]{State: &state[0][0], Own: own, Out: &out32[0], Bits: &spins[0], Bytes: &bytes[0][0],
			Shorts: &shorts[0][0], Ops: program(uint64(math.Float32bits(constant)), 256)})
		vector.RunWide512(&vector.Program[float64]{State: &state[0][0], Own: own, Out: &out64[0], Bits: &spins[0], Bytes: &bytes[0][0],
			Shorts: &shorts[0][0], Ops: program(math.Float64bits(float64(constant)), 512)})
		for c := range 64 {
			x := float64(state[2][c])
			product := 1.0
			for range power {
				product = float64(product * x)
			}
			want := []float64{float64(state[1][c]), float64(own[c]), float64(spins[1]>>c&1)*2 - 1, float64(bytes[1][c]), float64(shorts[1][c]),
				product, float64(x * x), float64(constant)}
			for i, want := range want {
				if !same(out32[i][c], float32(want)) || !same(out64[i][c], want) {
					t.Fatalf("round %d, program %d, chain %d: %v and %v, want %v", round, i, c, out32[i][c], out64[i][c], want)
				}
			}
			sum := state[0][c] + float32(terms[0].Weight*state[1][c])
			if sum += float32(terms[1].Weight * state[2][c]); !same(out32[8][c], sum) {
				t.Fatalf("round %d, terms of chain %d: %v, want %v", round, c, out32[8][c], sum)
			}
		}
	}
	for _, free := range []func(){freeState, freeOwn, freeSpins, freeBytes, freeShorts, freeOut32, freeOut64} {
		free()
	}
}
