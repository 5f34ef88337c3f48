//go:build !purego

#include "textflag.h"
#include "philox256_amd64.h"

// The kernel of bit planes in AVX2: of each node first 256 chains, then the others. See
// planes.go for what it reads.

// What an input is combined with: nothing, or all bits.
DATA halfFlip<>+64(SB)/8, $-1
DATA halfFlip<>+72(SB)/8, $-1
DATA halfFlip<>+80(SB)/8, $-1
DATA halfFlip<>+88(SB)/8, $-1
GLOBL halfFlip<>(SB), RODATA|NOPTR, $128

// Offsets in PlaneScratch. What a node needs over its planes is where AVX-512 has noise.
#define halfLow 0
#define halfHigh 512
#define halfMarked 1088
#define halfInput 5184
#define halfUpper 9280
#define halfSecond 9344
#define halfSweep 9408
#define halfSlot 9472
#define halfLikely 9536
#define halfOpen 9600
#define halfRare 9664

// Begins a counter: with an input, or with nothing.
#define HALF_BEGIN(k, c, none) \
	VPXOR   c, c, c;     \
	TESTL   $(1<<k), AX; \
	JEQ     none;        \
	VMOVDQU (DX), c;     \
	ADDQ    $64, DX;     \
none:

// Adds two inputs to counter c; Y2 is the carry.
#define HALF_PAIR(c) \
	VMOVDQU (DX), Y0;       \
	VMOVDQU 64(DX), Y1;     \
	ADDQ    $128, DX;       \
	VPAND   Y1, Y0, Y2;     \
	VPXOR   Y1, Y0, Y0;     \
	VPAND   c, Y0, Y3;      \
	VPOR    Y3, Y2, Y2;     \
	VPXOR   Y0, c, c

// Adds the carry to counter c.
#define HALF_CARRY(c) \
	VPAND   Y2, c, Y3; \
	VPXOR   Y2, c, c;  \
	VMOVDQA Y3, Y2

// Of the chains in p, those whose counter e is 0, and those where it is 1.
#define HALF_COUNT(v, p, e, to) \
	VPANDN  p, e, Y4;            \
	VMOVDQU Y4, to+64*v(R13);    \
	VPAND   p, e, Y4;            \
	VMOVDQU Y4, to+64*v+256(R13)

// The chains by what counters c, d, e, the lowest first, hold.
#define HALF_COUNTS(c, d, e, to) \
	VPCMPEQD Y4, Y4, Y4;      \
	VPOR     c, d, Y0;        \
	VPXOR    Y4, Y0, Y0;      \
	VPANDN   c, d, Y1;        \
	VPANDN   d, c, Y2;        \
	VPAND    c, d, Y3;        \
	HALF_COUNT(0, Y0, e, to); \
	HALF_COUNT(1, Y1, e, to); \
	HALF_COUNT(2, Y2, e, to); \
	HALF_COUNT(3, Y3, e, to)

// From the inputs of the node at R14 to PlaneScratch.Marked and the likely values. SI is the
// state, R13 the scratch, both at the half; R12 becomes the class, R8 its thresholds and CX
// the number of its magnitudes.
TEXT halfMarks<>(SB), NOSPLIT, $0
	MOVLQSX 4(R14), AX
	MOVQ    32(R15), BX
	MOVQ    24(R15), R12
	ADDQ    (BX)(AX*8), R12

	// Inputs: rows are combined as long as their marks say that there are more.
	LEAQ    44(R14), R11
	MOVLQSX 8(R14), CX
	ADDQ    R14, CX
	LEAQ    halfInput(R13), DX
	LEAQ    halfFlip<>(SB), R10
	JMP     gathered

gather:
	VPXOR Y0, Y0, Y0

rows:
	MOVLQSX 0(R11), AX
	MOVLQSX 4(R11), BX
	ADDQ    $8, R11
	VPXOR   (SI)(AX*1), Y0, Y0
	CMPL    BX, $1
	JEQ     rows
	VPXOR   (R10)(BX*1), Y0, Y0
	VMOVDQU Y0, (DX)
	ADDQ    $64, DX

gathered:
	CMPQ R11, CX
	JNE  gather

	// Counters.
	LEAQ  halfInput(R13), DX
	MOVL  12(R14), AX
	MOVQ  16(R12), R10 // wide
	HALF_BEGIN(0, Y8, even0)
	HALF_BEGIN(1, Y9, even1)
	HALF_BEGIN(2, Y10, even2)
	HALF_BEGIN(3, Y11, even3)
	HALF_BEGIN(4, Y12, even4)
	HALF_BEGIN(5, Y13, even5)
	MOVL  16(R14), CX
	TESTL CX, CX
	JEQ   paired0

pair0:
	HALF_PAIR(Y8)
	HALF_CARRY(Y9)
	HALF_CARRY(Y10)
	TESTQ R10, R10
	JEQ   narrow0
	HALF_CARRY(Y11)
	HALF_CARRY(Y12)
	HALF_CARRY(Y13)

narrow0:
	DECL CX
	JNE  pair0

paired0:
	MOVL  20(R14), CX
	TESTL CX, CX
	JEQ   paired1

pair1:
	HALF_PAIR(Y9)
	HALF_CARRY(Y10)
	TESTQ R10, R10
	JEQ   narrow1
	HALF_CARRY(Y11)
	HALF_CARRY(Y12)
	HALF_CARRY(Y13)

narrow1:
	DECL CX
	JNE  pair1

paired1:
	MOVL  24(R14), CX
	TESTL CX, CX
	JEQ   paired2

pair2:
	HALF_PAIR(Y10)
	TESTQ R10, R10
	JEQ   narrow2
	HALF_CARRY(Y11)
	HALF_CARRY(Y12)
	HALF_CARRY(Y13)

narrow2:
	DECL CX
	JNE  pair2

paired2:
	TESTQ R10, R10
	JEQ   counted
	MOVL  28(R14), CX
	TESTL CX, CX
	JEQ   paired3

pair3:
	HALF_PAIR(Y11)
	HALF_CARRY(Y12)
	HALF_CARRY(Y13)
	DECL CX
	JNE  pair3

paired3:
	MOVL  32(R14), CX
	TESTL CX, CX
	JEQ   paired4

pair4:
	HALF_PAIR(Y12)
	HALF_CARRY(Y13)
	DECL CX
	JNE  pair4

paired4:
	MOVL  36(R14), CX
	TESTL CX, CX
	JEQ   paired5

pair5:
	HALF_PAIR(Y13)
	DECL CX
	JNE  pair5

paired5:
	HALF_COUNTS(Y11, Y12, Y13, halfHigh)
	JMP marks

counted:
	VPCMPEQD Y0, Y0, Y0
	VMOVDQU  Y0, halfHigh(R13)

marks:
	HALF_COUNTS(Y8, Y9, Y10, halfLow)
	MOVQ  0(R12), CX
	LEAQ  32(R12), R11
	LEAQ  halfMarked(R13), DX
	VPXOR Y2, Y2, Y2

mark:
	MOVLQSX 0(R11), AX
	MOVLQSX 4(R11), BX
	VMOVDQU (R13)(AX*1), Y0
	VPAND   (R13)(BX*1), Y0, Y0
	MOVLQSX 8(R11), AX
	MOVLQSX 12(R11), BX
	VMOVDQU (R13)(AX*1), Y1
	VPAND   (R13)(BX*1), Y1, Y1
	ADDQ    $16, R11
	VPOR    Y0, Y2, Y2
	VPOR    Y0, Y1, Y1
	VMOVDQU Y1, (DX)
	ADDQ    $64, DX
	DECQ    CX
	JNE     mark
	VMOVDQU Y2, halfLikely(R13)
	MOVQ    0(R12), CX
	MOVQ    24(R12), R8
	ADDQ    R12, R8
	RET

// The beginning of both kernels: the arguments, and the half, in bytes.
#define HALF_ARGUMENTS \
	MOVQ a+0(FP), R15;   \
	MOVQ k+8(FP), DI;    \
	MOVQ 0(R15), SI;     \
	MOVQ 16(R15), R14;   \
	MOVQ 48(R15), R13;   \
	MOVQ $0, half-8(SP)

// No rare chains in Y11, and those that there are open in Y10.
#define HALF_OPEN \
	MOVQ    40(R15), AX;     \
	ADDQ    half-8(SP), AX;  \
	VMOVDQU (AX), Y10;       \
	VPXOR   Y11, Y11, Y11

// What the magnitude marked in Y6 gives to threshold t.
#define HALF_THRESHOLD(at, t) \
	VPBROADCASTQ at(R11), Y8; \
	VPAND        Y6, Y8, Y8;  \
	VPOR         Y8, t, t

// Thresholds of four planes, of CX magnitudes from R8 on, in Y0, Y2, Y4 and Y5.
#define HALF_THRESHOLDS(next) \
	LEAQ    halfMarked(R13), DX; \
	MOVQ    R8, R11;             \
	VPXOR   Y0, Y0, Y0;          \
	VPXOR   Y2, Y2, Y2;          \
	VPXOR   Y4, Y4, Y4;          \
	VPXOR   Y5, Y5, Y5;          \
next:                            \
	VMOVDQU (DX), Y6;            \
	HALF_THRESHOLD(0, Y0);       \
	HALF_THRESHOLD(8, Y2);       \
	HALF_THRESHOLD(16, Y4);      \
	HALF_THRESHOLD(24, Y5);      \
	ADDQ    $64, DX;             \
	ADDQ    $32, R11;            \
	DECQ    CX;                  \
	JNE     next

// Compares plane u with thresholds t: open chains, in Y10, are rare where u is less, and
// stay open where it is the same.
#define HALF_COMPARE(u, t) \
	VPANDN t, u, Y8;     \
	VPAND  Y8, Y10, Y8;  \
	VPOR   Y8, Y11, Y11; \
	VPXOR  t, u, t;      \
	VPANDN Y10, t, Y10

// To the next four planes, unless all chains are decided, or there are none.
#define HALF_NEXT(four, decided) \
	DECQ   R9;         \
	JEQ    decided;    \
	MOVQ   0(R12), AX; \
	SHLQ   $5, AX;     \
	ADDQ   AX, R8;     \
	ADDQ   $256, R10;  \
	MOVQ   8(R12), CX; \
	TESTQ  CX, CX;     \
	JEQ    decided;    \
	VPTEST Y10, Y10;   \
	JNE    four

// Writes half a node and goes on to the other, or to the next one.
#define HALF_WRITE(other, node) \
	VPXOR   halfLikely(R13), Y11, Y11; \
	MOVQ    8(R15), AX;                \
	ADDQ    half-8(SP), AX;            \
	MOVLQSX 0(R14), BX;                \
	VMOVDQU Y11, (AX)(BX*1);           \
	XORQ    $32, half-8(SP);           \
	JEQ     other;                     \
	ADDQ    $32, SI;                   \
	ADDQ    $32, R13;                  \
	JMP     node;                      \
other:                                 \
	SUBQ    $32, SI;                   \
	SUBQ    $32, R13;                  \
	MOVLQSX 8(R14), AX;                \
	ADDQ    AX, R14;                   \
	INCQ    56(R15);                   \
	DECQ    64(R15);                   \
	JNE     node

#define HALF_ARS(do, at) \
	VMOVDQU at(DI), X12;  \
	do      X12, X0, X0;  \
	do      X12, X1, X1;  \
	do      X12, X2, X2;  \
	do      X12, X3, X3;  \
	do      X12, X4, X4;  \
	do      X12, X5, X5;  \
	do      X12, X6, X6;  \
	do      X12, X7, X7

// func ArsPlanes256(a *Planes, k *ArsPlanes)
TEXT ·ArsPlanes256(SB), NOSPLIT, $16-16
	HALF_ARGUMENTS

node:
	CALL    halfMarks<>(SB)
	HALF_OPEN
	MOVQ    72(R15), R9
	LEAQ    64(DI), R10
	ADDQ    half-8(SP), R10

four:
	MOVQ    56(R15), AX // slot
	VMOVQ   AX, X12
	VPSLLDQ $8, X12, X12
	MOVQ    half-8(SP), AX
	VPXOR   0(DI)(AX*1), X12, X13
	VPXOR   16(DI)(AX*1), X12, X12
	VPXOR   0(R10), X13, X0
	VPXOR   16(R10), X12, X1
	VPXOR   64(R10), X13, X2
	VPXOR   80(R10), X12, X3
	VPXOR   128(R10), X13, X4
	VPXOR   144(R10), X12, X5
	VPXOR   192(R10), X13, X6
	VPXOR   208(R10), X12, X7
	HALF_ARS(VAESENC, 2112)
	HALF_ARS(VAESENC, 2176)
	HALF_ARS(VAESENC, 2240)
	HALF_ARS(VAESENC, 2304)
	HALF_ARS(VAESENCLAST, 2368)
	VINSERTI128 $1, X1, Y0, Y1
	VINSERTI128 $1, X3, Y2, Y3
	VINSERTI128 $1, X5, Y4, Y9
	VINSERTI128 $1, X7, Y6, Y7
	HALF_THRESHOLDS(threshold)
	HALF_COMPARE(Y1, Y0)
	HALF_COMPARE(Y3, Y2)
	HALF_COMPARE(Y9, Y4)
	HALF_COMPARE(Y7, Y5)
	HALF_NEXT(four, decided)

decided:
	HALF_WRITE(other, node)
	VZEROUPPER
	RET

// Round 3 of two planes at at(R10), from what a node has over all planes.
#define HALF_PLANES(at, a, b, c, d) \
	VMOVDQU  halfSlot(R13), a;     \
	VPXOR    at+0(R10), a, a;      \
	VPMULUDQ a, Y14, d;            \
	VPSRLQ   $32, d, c;            \
	VPXOR    halfSweep(R13), c, c; \
	VMOVDQU  halfUpper(R13), a;    \
	VPXOR    at+64(R10), a, a;     \
	VMOVDQU  halfSecond(R13), b

// The four words of a block side by side; blocks in even places are one plane, those in
// odd places the next.
#define HALF_APART(a, b, c, d, even, odd) \
	VPSLLQ      $32, b, b;       \
	VPSLLQ      $32, d, d;       \
	VPBLENDD    $0xaa, b, a, a;  \
	VPBLENDD    $0xaa, d, c, c;  \
	VPUNPCKLQDQ c, a, even;      \
	VPUNPCKHQDQ c, a, odd

// func PhiloxPlanes256(a *Planes, k *PhiloxPlanes)
TEXT ·PhiloxPlanes256(SB), NOSPLIT, $16-16
	HALF_ARGUMENTS
	MOVL         $0xD2511F53, AX
	VMOVQ        AX, X14
	VPBROADCASTQ X14, Y14
	MOVL         $0xCD9E8D57, AX
	VMOVQ        AX, X15
	VPBROADCASTQ X15, Y15

node:
	CALL halfMarks<>(SB)

	// Rounds 1 to 3 as far as all planes share them.
	MOVQ         56(R15), AX // slot
	MOVL         $0xCD9E8D57, DX
	IMULQ        DX, AX
	MOVQ         AX, DX
	SHRQ         $32, DX
	VMOVQ        AX, X0
	VPBROADCASTQ X0, Y0
	VMOVDQU      Y0, halfSlot(R13)
	VMOVQ        DX, X0
	VPBROADCASTQ X0, Y0
	MOVQ         half-8(SP), AX
	VPXOR        160(DI)(AX*1), Y0, Y0
	VPMULUDQ     Y0, Y14, Y1
	VPSRLQ       $32, Y1, Y2
	VPBROADCASTQ 224(DI), Y3
	VPXOR        Y3, Y2, Y2
	VPMULUDQ     Y2, Y15, Y4
	VMOVDQU      Y4, halfSecond(R13)
	VPSRLQ       $32, Y4, Y4
	VPBROADCASTQ 232(DI), Y3
	VPXOR        Y3, Y4, Y4
	VMOVDQU      Y4, halfUpper(R13)
	VPBROADCASTQ 240(DI), Y3
	VPXOR        Y3, Y1, Y1
	VMOVDQU      Y1, halfSweep(R13)
	LEAQ         256(DI)(AX*1), R10
	MOVQ         72(R15), R9
	HALF_OPEN
	VMOVDQU      Y10, halfOpen(R13)
	VMOVDQU      Y11, halfRare(R13)

four:
	HALF_PLANES(0, Y0, Y1, Y2, Y3)
	HALF_PLANES(128, Y6, Y7, Y8, Y9)
	PAIRS_ROUND1(40)
	PAIRS_ROUND2(56)
	PAIRS_ROUND3(72)
	PAIRS_ROUND4(88)
	MOVQ    152(DI), AX
	TESTQ   AX, AX
	JEQ     drawn
	PAIRS_ROUND1(104)
	PAIRS_ROUND2(120)
	PAIRS_ROUND3(136)
	PAIRS_BACK

drawn:
	HALF_APART(Y0, Y1, Y2, Y3, Y12, Y13)
	HALF_APART(Y6, Y7, Y8, Y9, Y7, Y9)
	VMOVDQU halfOpen(R13), Y10
	VMOVDQU halfRare(R13), Y11
	HALF_THRESHOLDS(threshold)
	HALF_COMPARE(Y12, Y0)
	HALF_COMPARE(Y13, Y2)
	HALF_COMPARE(Y7, Y4)
	HALF_COMPARE(Y9, Y5)
	VMOVDQU Y10, halfOpen(R13)
	VMOVDQU Y11, halfRare(R13)
	HALF_NEXT(four, decided)

decided:
	HALF_WRITE(other, node)
	VZEROUPPER
	RET
