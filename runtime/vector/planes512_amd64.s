//go:build !purego

#include "textflag.h"
#include "philox512_amd64.h"

// The kernel of bit planes. See planes.go for what it reads.

// What an input is combined with: nothing, or all bits.
DATA planeFlip<>+64(SB)/8, $-1
DATA planeFlip<>+72(SB)/8, $-1
DATA planeFlip<>+80(SB)/8, $-1
DATA planeFlip<>+88(SB)/8, $-1
DATA planeFlip<>+96(SB)/8, $-1
DATA planeFlip<>+104(SB)/8, $-1
DATA planeFlip<>+112(SB)/8, $-1
DATA planeFlip<>+120(SB)/8, $-1
GLOBL planeFlip<>(SB), RODATA|NOPTR, $128

// Offsets in PlaneScratch.
#define low 0
#define high 512
#define marked 1088
#define input 5184
#define noise 9280

// Begins a counter: with an input, or with nothing.
#define PLANE_BEGIN(k, c, none) \
	VPXORQ    c, c, c;      \
	TESTL     $(1<<k), AX;  \
	JEQ       none;         \
	VMOVDQU64 (DX), c;      \
	ADDQ      $64, DX;      \
none:

// Adds two inputs to counter c; Z2 is the carry.
#define PLANE_PAIR(c) \
	VMOVDQU64  (DX), Z0;            \
	VMOVDQA64  c, Z2;               \
	VPTERNLOGQ $0xe8, 64(DX), Z0, Z2; \
	VPTERNLOGQ $0x96, 64(DX), Z0, c;  \
	ADDQ       $128, DX

// Adds the carry to counter c.
#define PLANE_CARRY(c) \
	VPANDQ    Z2, c, Z3; \
	VPXORQ    Z2, c, c;  \
	VMOVDQA64 Z3, Z2

// The chains whose counters c, d, e, the lowest first, hold v.
#define PLANE_COUNT(v, c, d, e, to) \
	VMOVDQA64  e, Z0;             \
	VPTERNLOGQ $(1<<v), c, d, Z0; \
	VMOVDQU64  Z0, to+64*v(R13)

#define PLANE_COUNTS(c, d, e, to) \
	PLANE_COUNT(0, c, d, e, to); \
	PLANE_COUNT(1, c, d, e, to); \
	PLANE_COUNT(2, c, d, e, to); \
	PLANE_COUNT(3, c, d, e, to); \
	PLANE_COUNT(4, c, d, e, to); \
	PLANE_COUNT(5, c, d, e, to); \
	PLANE_COUNT(6, c, d, e, to); \
	PLANE_COUNT(7, c, d, e, to)

// Input number i of few.
#define PLANE_INPUT(i, to) \
	MOVLQSX   44+8*i(R14), AX;     \
	MOVLQSX   48+8*i(R14), DX;     \
	VMOVDQU64 (SI)(AX*1), to;      \
	VPXORQ    (R10)(DX*1), to, to

// Adds b and c to a.
#define PLANE_ADD(a, b, c, carry) \
	VMOVDQA64  a, carry;           \
	VPTERNLOGQ $0xe8, b, c, carry; \
	VPTERNLOGQ $0x96, b, c, a

// The chains whose count is one of a set.
#define PLANE_CHAINS(counts, to) \
	VMOVDQA64  Z18, to;                 \
	VPTERNLOGQ $counts, Z16, Z17, to

// What a magnitude with marks in m gives to the thresholds.
#define PLANE_THRESHOLD(at, m) \
	VPTERNLOGQ.BCST $0xf8, at+0(R8), m, Z8;   \
	VPTERNLOGQ.BCST $0xf8, at+8(R8), m, Z9;   \
	VPTERNLOGQ.BCST $0xf8, at+16(R8), m, Z10; \
	VPTERNLOGQ.BCST $0xf8, at+24(R8), m, Z11

// Thresholds of four planes in Z8 … Z11: of BX magnitudes marked in registers, or of CX
// marked in memory.
#define PLANE_THRESHOLDS(memory, next, done) \
	TESTL           BX, BX;                   \
	JEQ             memory;                   \
	VPANDQ.BCST     0(R8), Z12, Z8;           \
	VPANDQ.BCST     8(R8), Z12, Z9;           \
	VPANDQ.BCST     16(R8), Z12, Z10;         \
	VPANDQ.BCST     24(R8), Z12, Z11;         \
	VPORQ           Z23, Z8, Z8;              \
	VPXORQ          Z23, Z23, Z23;            \
	CMPL            BX, $2;                   \
	JLT             done;                     \
	PLANE_THRESHOLD(32, Z13);                 \
	JEQ             done;                     \
	PLANE_THRESHOLD(64, Z14);                 \
	CMPL            BX, $3;                   \
	JEQ             done;                     \
	PLANE_THRESHOLD(96, Z15);                 \
	JMP             done;                     \
memory:                                       \
	LEAQ            marked(R13), DX;          \
	MOVQ            R8, R11;                  \
	VPXORQ          Z8, Z8, Z8;               \
	VPXORQ          Z9, Z9, Z9;               \
	VPXORQ          Z10, Z10, Z10;            \
	VPXORQ          Z11, Z11, Z11;            \
next:                                         \
	VMOVDQU64       (DX), Z12;                \
	VPTERNLOGQ.BCST $0xf8, 0(R11), Z12, Z8;   \
	VPTERNLOGQ.BCST $0xf8, 8(R11), Z12, Z9;   \
	VPTERNLOGQ.BCST $0xf8, 16(R11), Z12, Z10; \
	VPTERNLOGQ.BCST $0xf8, 24(R11), Z12, Z11; \
	ADDQ            $64, DX;                  \
	ADDQ            $32, R11;                 \
	DECQ            CX;                       \
	JNE             next;                     \
done:

// Compares plane u with thresholds t: open chains, in Z17, take what t says into Z18,
// and stay open where u is the same.
#define PLANE_COMPARE(u, t) \
	VPTERNLOGQ $0xb8, t, Z17, Z18; \
	VPTERNLOGQ $0x90, u, t, Z17

// From the inputs of the node at R14 to PlaneScratch.Marked, the likely values in Z16, no
// rare ones in Z18 and all chains open in Z17. SI is the state, R13 the scratch; R12
// becomes the class, R8 its thresholds and CX the number of its magnitudes. With few
// inputs the marks of BX magnitudes are in Z12 … Z15, that of 0 in Z23; else BX is 0.
TEXT planeMarks<>(SB), NOSPLIT, $0
	MOVLQSX 4(R14), AX
	MOVQ    32(R15), BX
	MOVQ    24(R15), R12
	ADDQ    (BX)(AX*8), R12

	MOVL  40(R14), BX
	TESTL BX, BX
	JNE   few

	// Inputs: rows are combined as long as their marks say that there are more.
	LEAQ    44(R14), R11
	MOVLQSX 8(R14), CX
	ADDQ    R14, CX
	LEAQ    input(R13), DX
	LEAQ    planeFlip<>(SB), R10
	JMP     gathered

gather:
	VPXORQ Z0, Z0, Z0

rows:
	MOVLQSX   0(R11), AX
	MOVLQSX   4(R11), BX
	ADDQ      $8, R11
	VPXORQ    (SI)(AX*1), Z0, Z0
	CMPL      BX, $1
	JEQ       rows
	VPXORQ    (R10)(BX*1), Z0, Z0
	VMOVDQU64 Z0, (DX)
	ADDQ      $64, DX

gathered:
	CMPQ R11, CX
	JNE  gather

	// Counters.
	LEAQ input(R13), DX
	MOVL 12(R14), AX
	MOVQ 16(R12), R10 // wide
	PLANE_BEGIN(0, Z16, even0)
	PLANE_BEGIN(1, Z17, even1)
	PLANE_BEGIN(2, Z18, even2)
	PLANE_BEGIN(3, Z19, even3)
	PLANE_BEGIN(4, Z20, even4)
	PLANE_BEGIN(5, Z21, even5)
	MOVL  16(R14), CX
	TESTL CX, CX
	JEQ   paired0

pair0:
	PLANE_PAIR(Z16)
	PLANE_CARRY(Z17)
	PLANE_CARRY(Z18)
	TESTQ R10, R10
	JEQ   narrow0
	PLANE_CARRY(Z19)
	PLANE_CARRY(Z20)
	PLANE_CARRY(Z21)

narrow0:
	DECL CX
	JNE  pair0

paired0:
	MOVL  20(R14), CX
	TESTL CX, CX
	JEQ   paired1

pair1:
	PLANE_PAIR(Z17)
	PLANE_CARRY(Z18)
	TESTQ R10, R10
	JEQ   narrow1
	PLANE_CARRY(Z19)
	PLANE_CARRY(Z20)
	PLANE_CARRY(Z21)

narrow1:
	DECL CX
	JNE  pair1

paired1:
	MOVL  24(R14), CX
	TESTL CX, CX
	JEQ   paired2

pair2:
	PLANE_PAIR(Z18)
	TESTQ R10, R10
	JEQ   narrow2
	PLANE_CARRY(Z19)
	PLANE_CARRY(Z20)
	PLANE_CARRY(Z21)

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
	PLANE_PAIR(Z19)
	PLANE_CARRY(Z20)
	PLANE_CARRY(Z21)
	DECL CX
	JNE  pair3

paired3:
	MOVL  32(R14), CX
	TESTL CX, CX
	JEQ   paired4

pair4:
	PLANE_PAIR(Z20)
	PLANE_CARRY(Z21)
	DECL CX
	JNE  pair4

paired4:
	MOVL  36(R14), CX
	TESTL CX, CX
	JEQ   paired5

pair5:
	PLANE_PAIR(Z21)
	DECL CX
	JNE  pair5

paired5:
	PLANE_COUNTS(Z19, Z20, Z21, high)
	JMP marks

counted:
	VPTERNLOGQ $0xff, Z0, Z0, Z0
	VMOVDQU64  Z0, high(R13)

marks:
	PLANE_COUNTS(Z16, Z17, Z18, low)
	MOVQ   0(R12), CX
	LEAQ   32(R12), R11
	LEAQ   marked(R13), DX
	VPXORQ Z16, Z16, Z16

mark:
	MOVLQSX   0(R11), AX
	MOVLQSX   4(R11), BX
	VMOVDQU64 (R13)(AX*1), Z0
	VPANDQ    (R13)(BX*1), Z0, Z0
	MOVLQSX   8(R11), AX
	MOVLQSX   12(R11), BX
	VMOVDQU64 (R13)(AX*1), Z1
	VPANDQ    (R13)(BX*1), Z1, Z1
	ADDQ      $16, R11
	VPORQ     Z0, Z16, Z16
	VPORQ     Z0, Z1, Z1
	VMOVDQU64 Z1, (DX)
	ADDQ      $64, DX
	DECQ      CX
	JNE       mark

	XORL      BX, BX

begin:
	MOVQ      40(R15), AX
	VMOVDQU64 (AX), Z17
	VPXORQ    Z18, Z18, Z18
	MOVQ      0(R12), CX
	MOVQ      24(R12), R8
	ADDQ      R12, R8
	RET

	// Few inputs. As many are loaded as there are, to Z0 … Z6, and counted in Z16, Z17 and
	// Z18.
few:
	LEAQ   planeFlip<>(SB), R10
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	CMPL   BX, $4
	JLE    four
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	CMPL   BX, $6
	JLT    load5
	JEQ    load6
	PLANE_INPUT(6, Z6)

load6:
	PLANE_INPUT(5, Z5)

load5:
	PLANE_INPUT(4, Z4)
	PLANE_INPUT(3, Z3)
	PLANE_INPUT(2, Z2)
	PLANE_INPUT(1, Z1)
	PLANE_INPUT(0, Z0)
	PLANE_ADD(Z0, Z1, Z2, Z7)   // Z0, carry Z7
	PLANE_ADD(Z3, Z4, Z5, Z8)
	VMOVDQA64 Z0, Z16
	PLANE_ADD(Z16, Z3, Z6, Z17)
	PLANE_ADD(Z17, Z7, Z8, Z18)
	JMP  chosen

four:
	CMPL BX, $2
	JLT  load1
	JEQ  load2
	CMPL BX, $3
	JEQ  load3
	PLANE_INPUT(3, Z3)

load3:
	PLANE_INPUT(2, Z2)

load2:
	PLANE_INPUT(1, Z1)
	JMP load0

load1:
	VPXORQ Z1, Z1, Z1

load0:
	PLANE_INPUT(0, Z16)
	PLANE_ADD(Z16, Z1, Z2, Z17)
	VPANDQ Z3, Z16, Z4
	VPXORQ Z3, Z16, Z16
	VPANDQ Z4, Z17, Z18
	VPXORQ Z4, Z17, Z17

chosen:
	CMPL BX, $4
	JEQ  few4
	CMPL BX, $6
	JEQ  few6
	CMPL BX, $2
	JLT  few1
	JEQ  few2
	CMPL BX, $5
	JLT  few3
	JEQ  few5

	PLANE_CHAINS(0x81, Z12)
	PLANE_CHAINS(0x42, Z13)
	PLANE_CHAINS(0x24, Z14)
	PLANE_CHAINS(0x18, Z15)
	VPXORQ Z23, Z23, Z23
	VPTERNLOGQ $0xf0, Z16, Z17, Z18
	JMP  closed

few6:
	PLANE_CHAINS(0x41, Z12)
	PLANE_CHAINS(0x22, Z13)
	PLANE_CHAINS(0x14, Z14)
	PLANE_CHAINS(0x08, Z23)
	VPTERNLOGQ $0x78, Z16, Z17, Z18
	JMP  closed

few5:
	PLANE_CHAINS(0x21, Z12)
	PLANE_CHAINS(0x12, Z13)
	PLANE_CHAINS(0x0c, Z14)
	VPXORQ Z23, Z23, Z23
	VPTERNLOGQ $0x38, Z16, Z17, Z18
	JMP  closed

few4:
	PLANE_CHAINS(0x11, Z12)
	PLANE_CHAINS(0x0a, Z13)
	PLANE_CHAINS(0x04, Z23)
	VPTERNLOGQ $0x1c, Z16, Z17, Z18
	JMP  closed

few3:
	PLANE_CHAINS(0x09, Z12)
	PLANE_CHAINS(0x06, Z13)
	VPXORQ Z23, Z23, Z23
	VPTERNLOGQ $0x0c, Z16, Z17, Z18
	JMP  closed

few2:
	PLANE_CHAINS(0x05, Z12)
	PLANE_CHAINS(0x02, Z23)
	VPTERNLOGQ $0x06, Z16, Z17, Z18
	JMP  closed

few1:
	PLANE_CHAINS(0x03, Z12)
	VPXORQ Z23, Z23, Z23
	VPTERNLOGQ $0x02, Z16, Z17, Z18

closed:
	INCL      BX
	SHRL      $1, BX // magnitudes above 0
	VMOVDQA64 Z18, Z16
	JMP       begin

// The beginning of both kernels.
#define PLANES_ARGUMENTS \
	MOVQ a+0(FP), R15;  \
	MOVQ k+8(FP), DI;   \
	MOVQ 0(R15), SI;    \
	MOVQ 16(R15), R14;  \
	MOVQ 48(R15), R13

// To the next four planes, unless all chains are decided, or there are none. Where the
// only other magnitude is 0, the first four decide.
#define PLANES_NEXT(four, decided) \
	DECQ     R9;            \
	JEQ      decided;       \
	MOVQ     0(R12), AX;    \
	SHLQ     $5, AX;        \
	ADDQ     AX, R8;        \
	ADDQ     $256, R10;     \
	MOVQ     8(R12), CX;    \
	TESTQ    CX, CX;        \
	JEQ      decided;       \
	CMPQ     R9, 80(R15);   \
	JGT      four;          \
	VPTESTMQ Z17, Z17, K2;  \
	KMOVW    K2, AX;        \
	TESTL    AX, AX;        \
	JNE      four

// Writes a node and goes on to the next one.
#define PLANES_WRITE(node) \
	VPTERNLOGQ $0xb4, Z17, Z18, Z16; \
	MOVQ       8(R15), AX;           \
	MOVLQSX    0(R14), BX;           \
	VMOVDQU64  Z16, (AX)(BX*1);      \
	MOVLQSX    8(R14), AX;           \
	ADDQ       AX, R14;              \
	INCQ       56(R15);              \
	DECQ       64(R15);              \
	JNE        node

#define ARS_PLANES(do, key) \
	do key, Z0, Z0; \
	do key, Z1, Z1; \
	do key, Z2, Z2; \
	do key, Z3, Z3

// func ArsPlanes512(a *Planes, k *ArsPlanes)
TEXT ·ArsPlanes512(SB), NOSPLIT, $0-16
	PLANES_ARGUMENTS
	VMOVDQU64 2112(DI), Z25
	VMOVDQU64 2176(DI), Z26
	VMOVDQU64 2240(DI), Z27
	VMOVDQU64 2304(DI), Z28
	VMOVDQU64 2368(DI), Z29
	MOVL      $0xaa, AX
	KMOVW     AX, K1

node:
	CALL           planeMarks<>(SB)
	MOVQ           56(R15), AX // slot
	VPBROADCASTQ.Z AX, K1, Z24
	VPXORQ         0(DI), Z24, Z24
	MOVQ           72(R15), R9
	LEAQ           64(DI), R10

four:
	VPXORQ 0(R10), Z24, Z0
	VPXORQ 64(R10), Z24, Z1
	VPXORQ 128(R10), Z24, Z2
	VPXORQ 192(R10), Z24, Z3
	ARS_PLANES(VAESENC, Z25)
	ARS_PLANES(VAESENC, Z26)
	ARS_PLANES(VAESENC, Z27)
	ARS_PLANES(VAESENC, Z28)
	ARS_PLANES(VAESENCLAST, Z29)
	PLANE_THRESHOLDS(memory, threshold, compare)
	PLANE_COMPARE(Z0, Z8)
	PLANE_COMPARE(Z1, Z9)
	PLANE_COMPARE(Z2, Z10)
	PLANE_COMPARE(Z3, Z11)
	PLANES_NEXT(four, decided)

decided:
	PLANES_WRITE(node)
	VZEROUPPER
	RET

// Round 3 of two planes at at(R10), from what a node has in Z24 … Z27.
#define PHILOX_PLANES(at, a, b, c, d) \
	VPXORQ    at+0(R10), Z27, a;  \
	VPMULUDQ  a, Z30, d;          \
	VPSRLQ    $32, d, c;          \
	VPXORQ    Z26, c, c;          \
	VPXORQ    at+64(R10), Z24, a; \
	VMOVDQA64 Z25, b

// The four words of a block side by side; blocks in even places are one plane, those in
// odd places the next.
#define PHILOX_APART(a, b, c, d, even, odd) \
	VPSHUFD     $0xa0, b, K1, a; \
	VPSHUFD     $0xa0, d, K1, c; \
	VPUNPCKLQDQ c, a, even;      \
	VPUNPCKHQDQ c, a, odd

// func PhiloxPlanes512(a *Planes, k *PhiloxPlanes)
TEXT ·PhiloxPlanes512(SB), NOSPLIT, $0-16
	PLANES_ARGUMENTS
	MOVL         $0xD2511F53, AX
	VPBROADCASTQ AX, Z30
	MOVL         $0xCD9E8D57, AX
	VPBROADCASTQ AX, Z31
	MOVL         $0xaaaa, AX
	KMOVW        AX, K1

node:
	// Rounds 1 to 3 as far as all planes share them.
	MOVQ         56(R15), AX // slot
	MOVL         $0xCD9E8D57, DX
	IMULQ        DX, AX
	MOVQ         AX, DX
	SHRQ         $32, DX
	VPBROADCASTQ AX, Z27
	VPBROADCASTQ DX, Z0
	VPXORQ       160(DI), Z0, Z0
	VPMULUDQ     Z0, Z30, Z1
	VPSRLQ       $32, Z1, Z2
	VPXORQ.BCST  224(DI), Z2, Z2
	VPMULUDQ     Z2, Z31, Z25
	VPSRLQ       $32, Z25, Z24
	VPXORQ.BCST  232(DI), Z24, Z24
	VPXORQ.BCST  240(DI), Z1, Z26

	// Eight planes, which most chains need.
	LEAQ  256(DI), R10
	MOVQ  152(DI), AX
	TESTQ AX, AX
	PHILOX_PLANES(0, Z0, Z1, Z2, Z3)
	PHILOX_PLANES(128, Z6, Z7, Z8, Z9)
	PHILOX_PLANES(256, Z12, Z13, Z14, Z15)
	PHILOX_PLANES(384, Z18, Z19, Z20, Z21)
	PHILOX_ROUND1(40)
	PHILOX_ROUND2(56)
	PHILOX_ROUND3(72)
	PHILOX_ROUND4(88)
	JEQ   eight
	PHILOX_ROUND1(104)
	PHILOX_ROUND2(120)
	PHILOX_ROUND3(136)
	PHILOX_BACK4

eight:
	PHILOX_APART(Z0, Z1, Z2, Z3, Z4, Z5)
	PHILOX_APART(Z6, Z7, Z8, Z9, Z10, Z11)
	PHILOX_APART(Z12, Z13, Z14, Z15, Z16, Z17)
	PHILOX_APART(Z18, Z19, Z20, Z21, Z22, Z23)
	VMOVDQU64 Z4, noise+0(R13)
	VMOVDQU64 Z5, noise+64(R13)
	VMOVDQU64 Z10, noise+128(R13)
	VMOVDQU64 Z11, noise+192(R13)
	VMOVDQU64 Z16, noise+256(R13)
	VMOVDQU64 Z17, noise+320(R13)
	VMOVDQU64 Z22, noise+384(R13)
	VMOVDQU64 Z23, noise+448(R13)

	CALL planeMarks<>(SB)
	MOVQ 72(R15), R9
	LEAQ 256(DI), R10
	PLANE_THRESHOLDS(memory1, threshold1, compare1)
	PLANE_COMPARE(noise+0(R13), Z8)
	PLANE_COMPARE(noise+64(R13), Z9)
	PLANE_COMPARE(noise+128(R13), Z10)
	PLANE_COMPARE(noise+192(R13), Z11)
	PLANES_NEXT(second, decided)
	JMP  decided

second:
	PLANE_THRESHOLDS(memory2, threshold2, compare2)
	PLANE_COMPARE(noise+256(R13), Z8)
	PLANE_COMPARE(noise+320(R13), Z9)
	PLANE_COMPARE(noise+384(R13), Z10)
	PLANE_COMPARE(noise+448(R13), Z11)
	PLANES_NEXT(four, decided)
	JMP  decided

four:
	PHILOX_PLANES(0, Z0, Z1, Z2, Z3)
	PHILOX_PLANES(128, Z6, Z7, Z8, Z9)
	MOVQ  152(DI), AX
	TESTQ AX, AX
	PHILOX_TWO1(40)
	PHILOX_TWO2(56)
	PHILOX_TWO3(72)
	PHILOX_TWO4(88)
	JEQ   drawn
	PHILOX_TWO1(104)
	PHILOX_TWO2(120)
	PHILOX_TWO3(136)
	PHILOX_BACK2

drawn:
	PHILOX_APART(Z0, Z1, Z2, Z3, Z4, Z5)
	PHILOX_APART(Z6, Z7, Z8, Z9, Z2, Z3)
	PLANE_THRESHOLDS(memory, threshold, compare)
	PLANE_COMPARE(Z4, Z8)
	PLANE_COMPARE(Z5, Z9)
	PLANE_COMPARE(Z2, Z10)
	PLANE_COMPARE(Z3, Z11)
	PLANES_NEXT(four, decided)

decided:
	PLANES_WRITE(node)
	VZEROUPPER
	RET
