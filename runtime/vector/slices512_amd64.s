//go:build !purego

#include "textflag.h"
#include "philox512_amd64.h"

// The kernel of bit slices. See slices.go for what it reads.

// What eight bytes as a matrix are multiplied with: bits 0 … 6, plus bit 7, and it.
DATA sliceBits<>+0(SB)/8, $0x80c0a09088848281
GLOBL sliceBits<>(SB), RODATA|NOPTR, $8

// The matrix that exchanges bits 6 and 7.
DATA sliceSwap<>+0(SB)/8, $0x0102040810208040
GLOBL sliceSwap<>(SB), RODATA|NOPTR, $8

DATA sliceSign<>+0(SB)/8, $0x8080808080808080
GLOBL sliceSign<>(SB), RODATA|NOPTR, $8

// From bytes in x to the high and low bits of their numbers, in a and b, bits of the same
// place together. Bit 7 of both is bit 6 of the bytes, and it complements the others.
#define SLICE_LOOKUP(x, a, b) \
	VGF2P8AFFINEQB $0, Z30, x, b;   \
	VMOVDQA64      b, a;            \
	VPERMI2B       Z27, Z26, a;     \
	VPTERNLOGQ     $0xf8, Z31, b, a; \
	VPERMI2B       Z25, Z24, b;     \
	VPTERNLOGQ     $0xf8, Z31, a, b; \
	VGF2P8AFFINEQB $0, a, Z29, a;   \
	VGF2P8AFFINEQB $0, b, Z29, b

// Bytes, pairs of them, fours and eights of a and b interleaved, in each quarter: those of its
// first half to a, of its second half to c.
#define SLICE_BYTES(a, b, c) \
	VPUNPCKHBW b, a, c; \
	VPUNPCKLBW b, a, a

#define SLICE_PAIRS(a, b, c) \
	VPUNPCKHWD b, a, c; \
	VPUNPCKLWD b, a, a

#define SLICE_FOURS(a, b, c) \
	VPUNPCKHDQ b, a, c; \
	VPUNPCKLDQ b, a, a

#define SLICE_EIGHTS(a, b, c) \
	VPUNPCKHQDQ b, a, c; \
	VPUNPCKLQDQ b, a, a

// Two of the next bytes: a counter from at on with the slot in Z28, or a round.
#define SLICE_BEGIN(at, a, b) \
	VPXORQ at+0(R11), Z28, a; \
	VPXORQ at+64(R11), Z28, b

// Tables, and what bytes become numbers with, give way to the keys of rounds while these come.
#define SLICE_TABLES \
	MOVQ         32(R15), BX;            \
	VMOVDQU64    0(BX), Z24;             \
	VMOVDQU64    64(BX), Z25;            \
	VMOVDQU64    128(BX), Z26;           \
	VMOVDQU64    192(BX), Z27;           \
	VPBROADCASTQ sliceBits<>(SB), Z29

#define SLICE_KEYS \
	VMOVDQU64 1024(R11), Z24; \
	VMOVDQU64 1088(R11), Z25; \
	VMOVDQU64 1152(R11), Z26; \
	VMOVDQU64 1216(R11), Z27; \
	VMOVDQU64 1280(R11), Z29

#define SLICE_ROUND(key, a, b) \
	VAESENC key, a, a; \
	VAESENC key, b, b

#define SLICE_ROUNDS(key) \
	SLICE_ROUND(key, Z16, Z17); \
	SLICE_ROUND(key, Z18, Z19); \
	SLICE_ROUND(key, Z20, Z21); \
	SLICE_ROUND(key, Z22, Z23)

#define SLICE_BEGINS(at) \
	SLICE_KEYS;                    \
	VPBROADCASTQ.Z AX, K1, Z28;    \
	SLICE_BEGIN(at+0, Z16, Z17);   \
	SLICE_BEGIN(at+128, Z18, Z19); \
	SLICE_BEGIN(at+256, Z20, Z21); \
	SLICE_BEGIN(at+384, Z22, Z23)

#define SLICE_LASTS \
	VAESENCLAST Z29, Z16, Z16; \
	VAESENCLAST Z29, Z17, Z17; \
	VAESENCLAST Z29, Z18, Z18; \
	VAESENCLAST Z29, Z19, Z19; \
	VAESENCLAST Z29, Z20, Z20; \
	VAESENCLAST Z29, Z21, Z21; \
	VAESENCLAST Z29, Z22, Z22; \
	VAESENCLAST Z29, Z23, Z23

#define SLICE_ENDS \
	SLICE_LASTS; \
	SLICE_TABLES

// The noise of a half from the bytes in Z16 … Z23: s bytes a slot, at in each. In these
// come the next bytes meanwhile: AES and exchanges ask for different ports.
#define SLICE_NOISE(s, at, next, begins, round, ends) \
	SLICE_LOOKUP(Z16, Z0, Z8);   \
	SLICE_LOOKUP(Z17, Z1, Z9);   \
	SLICE_LOOKUP(Z18, Z2, Z10);  \
	SLICE_LOOKUP(Z19, Z3, Z11);  \
	SLICE_LOOKUP(Z20, Z4, Z12);  \
	SLICE_LOOKUP(Z21, Z5, Z13);  \
	SLICE_LOOKUP(Z22, Z6, Z14);  \
	SLICE_LOOKUP(Z23, Z7, Z15);  \
	begins(next);                \
	SLICE_BYTES(Z8, Z9, Z28);    \
	SLICE_BYTES(Z10, Z11, Z9);   \
	round(Z24, Z16, Z17);        \
	SLICE_BYTES(Z12, Z13, Z11);  \
	SLICE_BYTES(Z14, Z15, Z13);  \
	SLICE_PAIRS(Z8, Z10, Z15);   \
	round(Z24, Z18, Z19);        \
	SLICE_PAIRS(Z12, Z14, Z10);  \
	SLICE_FOURS(Z8, Z12, Z14);   \
	round(Z24, Z20, Z21);        \
	SLICE_FOURS(Z15, Z10, Z12);  \
	SLICE_PAIRS(Z28, Z9, Z10);   \
	round(Z24, Z22, Z23);        \
	SLICE_PAIRS(Z11, Z13, Z9);   \
	SLICE_FOURS(Z28, Z11, Z13);  \
	round(Z25, Z16, Z17);        \
	SLICE_FOURS(Z10, Z9, Z11);   \
	SLICE_EIGHTS(Z8, Z28, Z9);   \
	VMOVDQU64 Z8, at+2*s(R13);   \
	round(Z25, Z18, Z19);        \
	VMOVDQU64 Z9, at+3*s(R13);   \
	SLICE_EIGHTS(Z14, Z13, Z28); \
	round(Z25, Z20, Z21);        \
	VMOVDQU64 Z14, at+4*s(R13);  \
	VMOVDQU64 Z28, at+5*s(R13);  \
	round(Z25, Z22, Z23);        \
	SLICE_EIGHTS(Z15, Z10, Z13); \
	VMOVDQU64 Z15, at+6*s(R13);  \
	round(Z26, Z16, Z17);        \
	VMOVDQU64 Z13, at+7*s(R13);  \
	SLICE_EIGHTS(Z12, Z11, Z10); \
	round(Z26, Z18, Z19);        \
	VMOVDQU64 Z12, at+8*s(R13);  \
	SLICE_BYTES(Z0, Z1, Z11);    \
	SLICE_BYTES(Z2, Z3, Z1);     \
	round(Z26, Z20, Z21);        \
	SLICE_BYTES(Z4, Z5, Z3);     \
	SLICE_BYTES(Z6, Z7, Z5);     \
	round(Z26, Z22, Z23);        \
	SLICE_PAIRS(Z0, Z2, Z7);     \
	SLICE_PAIRS(Z4, Z6, Z2);     \
	round(Z27, Z16, Z17);        \
	SLICE_FOURS(Z0, Z4, Z6);     \
	SLICE_FOURS(Z7, Z2, Z4);     \
	round(Z27, Z18, Z19);        \
	SLICE_PAIRS(Z11, Z1, Z2);    \
	SLICE_PAIRS(Z3, Z5, Z1);     \
	round(Z27, Z20, Z21);        \
	SLICE_FOURS(Z11, Z3, Z5);    \
	SLICE_FOURS(Z2, Z1, Z3);     \
	SLICE_EIGHTS(Z0, Z11, Z1);   \
	round(Z27, Z22, Z23);        \
	VMOVDQU64 Z0, at+9*s(R13);   \
	VMOVDQU64 Z1, at+10*s(R13);  \
	SLICE_EIGHTS(Z6, Z5, Z11);   \
	VMOVDQU64 Z6, at+11*s(R13);  \
	VMOVDQU64 Z11, at+12*s(R13); \
	ends;                        \
	SLICE_EIGHTS(Z7, Z2, Z5);    \
	VMOVDQU64 Z7, at+13*s(R13);  \
	VMOVDQU64 Z5, at+14*s(R13);  \
	SLICE_EIGHTS(Z4, Z3, Z2);    \
	VMOVDQU64 Z4, at+15*s(R13);  \
	VMOVDQU64 Z2, at+16*s(R13)

// The same with bytes that are there already.
#define SLICE_READ(at) \
	VMOVDQU64 at+0(R11), Z16;   \
	VMOVDQU64 at+64(R11), Z17;  \
	VMOVDQU64 at+128(R11), Z18; \
	VMOVDQU64 at+192(R11), Z19; \
	VMOVDQU64 at+256(R11), Z20; \
	VMOVDQU64 at+320(R11), Z21; \
	VMOVDQU64 at+384(R11), Z22; \
	VMOVDQU64 at+448(R11), Z23

// The bits above those of SLICE_NOISE from the same bytes, read once more.
#define SLICE_LOOKUP_TOP(x, a) \
	VGF2P8AFFINEQB $0, Z30, x, x;    \
	VMOVDQA64      x, a;             \
	VPERMI2B       Z27, Z26, a;      \
	VPTERNLOGQ     $0xf8, Z31, x, a; \
	VGF2P8AFFINEQB $0, a, Z29, a

#define SLICE_TOP(s, at) \
	MOVQ      32(R15), BX;       \
	VMOVDQU64 256(BX), Z26;      \
	VMOVDQU64 320(BX), Z27;      \
	SLICE_LOOKUP_TOP(Z16, Z0);   \
	SLICE_LOOKUP_TOP(Z17, Z1);   \
	SLICE_LOOKUP_TOP(Z18, Z2);   \
	SLICE_LOOKUP_TOP(Z19, Z3);   \
	SLICE_LOOKUP_TOP(Z20, Z4);   \
	SLICE_LOOKUP_TOP(Z21, Z5);   \
	SLICE_LOOKUP_TOP(Z22, Z6);   \
	SLICE_LOOKUP_TOP(Z23, Z7);   \
	SLICE_BYTES(Z0, Z1, Z28);    \
	SLICE_BYTES(Z2, Z3, Z1);     \
	SLICE_BYTES(Z4, Z5, Z3);     \
	SLICE_BYTES(Z6, Z7, Z5);     \
	SLICE_PAIRS(Z0, Z2, Z7);     \
	SLICE_PAIRS(Z4, Z6, Z2);     \
	SLICE_FOURS(Z0, Z4, Z6);     \
	SLICE_FOURS(Z7, Z2, Z4);     \
	SLICE_PAIRS(Z28, Z1, Z2);    \
	SLICE_PAIRS(Z3, Z5, Z1);     \
	SLICE_FOURS(Z28, Z3, Z5);    \
	SLICE_FOURS(Z2, Z1, Z3);     \
	SLICE_EIGHTS(Z0, Z28, Z1);   \
	VMOVDQU64 Z0, at+17*s(R13);  \
	VMOVDQU64 Z1, at+18*s(R13);  \
	SLICE_EIGHTS(Z6, Z5, Z28);   \
	VMOVDQU64 Z6, at+19*s(R13);  \
	VMOVDQU64 Z28, at+20*s(R13); \
	SLICE_EIGHTS(Z7, Z2, Z5);    \
	VMOVDQU64 Z7, at+21*s(R13);  \
	VMOVDQU64 Z5, at+22*s(R13);  \
	SLICE_EIGHTS(Z4, Z3, Z2);    \
	VMOVDQU64 Z4, at+23*s(R13);  \
	SLICE_TABLES

#define SLICE_STORE(at) \
	VMOVDQU64 Z16, at+0(DI);   \
	VMOVDQU64 Z17, at+64(DI);  \
	VMOVDQU64 Z18, at+128(DI); \
	VMOVDQU64 Z19, at+192(DI); \
	VMOVDQU64 Z20, at+256(DI); \
	VMOVDQU64 Z21, at+320(DI); \
	VMOVDQU64 Z22, at+384(DI); \
	VMOVDQU64 Z23, at+448(DI)

// Bytes alone, for the slot in AX.
#define SLICE_DRAW(at) \
	SLICE_BEGINS(at);  \
	SLICE_ROUNDS(Z24); \
	SLICE_ROUNDS(Z25); \
	SLICE_ROUNDS(Z26); \
	SLICE_ROUNDS(Z27); \
	SLICE_LASTS

#define SLICE_NONE(at)

#define SLICE_NOTHING(key, a, b)

#define SLICE_DONE

// The bytes of the first half of the first node, whose slot is in AX.
#define SLICE_FIRST \
	SLICE_DRAW(0); \
	SLICE_TABLES

// An adder: the sum of a, b and c becomes c, their carry a.
#define SLICE_ADD(a, b, c) \
	VPTERNLOGQ $0x96, a, b, c; \
	VPTERNLOGQ $0xd4, c, b, a

// A column: slots at offsets in AX, BX, CX, DX, SI, R8 and R9, carries in c1 … c6, five
// registers for sums.
#define SLICE_COLUMN(at, c1, c2, c3, c4, c5, c6, s1, s2, s3, s4, s5) \
	VMOVDQU64  at(R13)(R9*1), s4;  \
	SLICE_ADD(c1, c2, c3);         \
	SLICE_ADD(c4, c5, s4);         \
	VMOVDQU64  at(R13)(AX*1), c2;  \
	VMOVDQU64  at(R13)(BX*1), s1;  \
	VMOVDQU64  at(R13)(CX*1), s2;  \
	VMOVDQU64  at(R13)(DX*1), c5;  \
	VMOVDQU64  at(R13)(SI*1), s3;  \
	VMOVDQU64  at(R13)(R8*1), s5;  \
	SLICE_ADD(c2, s1, s2);         \
	SLICE_ADD(c5, s3, s5);         \
	SLICE_ADD(c3, s2, s5);         \
	VPTERNLOGQ $0xe8, s4, s5, c6

#define SLICE_OFFSETS \
	MOVWLZX 0(R10), AX;  \
	MOVWLZX 2(R10), BX;  \
	MOVWLZX 4(R10), CX;  \
	MOVWLZX 6(R10), DX;  \
	MOVWLZX 8(R10), SI;  \
	MOVWLZX 10(R10), R8

// Reads a neighbour and writes it and its complement.
#define SLICE_INPUT(at, s, a, b) \
	VMOVDQU64 at(DI)(AX*1), a; \
	VPXORQ    Z28, a, b;       \
	VMOVDQU64 a, at(DX);       \
	VMOVDQU64 b, at+s(DX)

// The last columns: five slots at offsets in AX, BX, CX, DX and SI and all carries, which gives
// five carries; two slots at R8 and R9 with these, which gives three; and the sum modulo 2 of
// these and the slot at R12, to the row at R10.
#define SLICE_LAST(at, c1, c2, c3, c4, c5, c6, s1, s2, s3, s4, s5) \
	SLICE_ADD(c1, c2, c3);             \
	SLICE_ADD(c4, c5, c6);             \
	VMOVDQU64  at(R13)(AX*1), s1;      \
	VMOVDQU64  at(R13)(BX*1), s2;      \
	VMOVDQU64  at(R13)(CX*1), s3;      \
	VMOVDQU64  at(R13)(DX*1), s4;      \
	VMOVDQU64  at(R13)(SI*1), s5;      \
	SLICE_ADD(s1, s2, s3);             \
	SLICE_ADD(s4, s5, c3);             \
	VPTERNLOGQ $0xe8, s3, c3, c6;      \
	VMOVDQU64  at(R13)(R8*1), s2;      \
	VMOVDQU64  at(R13)(R9*1), s5;      \
	SLICE_ADD(c1, c4, s1);             \
	SLICE_ADD(s2, s5, s4);             \
	VPTERNLOGQ $0xe8, s1, s4, c6;      \
	VPXORQ     at(R13)(R12*1), c1, c1; \
	VPTERNLOGQ $0x96, s2, c6, c1;      \
	VMOVDQU64  c1, at(R10)

#define SLICE_ENDING \
	SLICE_OFFSETS;        \
	MOVWLZX 12(R10), R9;  \
	MOVWLZX 14(R10), R12; \
	MOVLQSX 4(R14), R10;  \
	ADDQ    8(R15), R10

#define SLICE_ADDER(at) \
	VMOVDQU64 at(R13)(AX*1), Z0; \
	VMOVDQU64 at(R13)(BX*1), Z1; \
	VMOVDQU64 at(R13)(CX*1), Z2; \
	SLICE_ADD(Z0, Z1, Z2);       \
	VMOVDQU64 Z2, at(R13)(DX*1); \
	VMOVDQU64 Z0, at(R13)(SI*1)

#define SLICE_CARRIES(at, c1, c2, c3, c4, c5, c6) \
	VMOVDQU64 at(R13)(AX*1), c1; \
	VMOVDQU64 at(R13)(BX*1), c2; \
	VMOVDQU64 at(R13)(CX*1), c3; \
	VMOVDQU64 at(R13)(DX*1), c4; \
	VMOVDQU64 at(R13)(SI*1), c5; \
	VMOVDQU64 at(R13)(R8*1), c6

// What all kernels keep in registers.
#define SLICES_CONSTANTS \
	SLICE_TABLES;                      \
	VPBROADCASTQ sliceSwap<>(SB), Z30; \
	VPBROADCASTQ sliceSign<>(SB), Z31; \
	MOVL         $0xaa, AX;            \
	KMOVW        AX, K1

// The beginning of the kernels that add up.
#define SLICES_ARGUMENTS \
	MOVQ a+0(FP), R15;  \
	MOVQ k+8(FP), R11;  \
	MOVQ 0(R15), DI;    \
	MOVQ 16(R15), R14;  \
	MOVQ 24(R15), R13;  \
	SLICES_CONSTANTS

// The beginning of those that make numbers alone. Those of a node stand where the slots from
// SliceNoise on would.
#define SLICES_DRAWS \
	MOVQ a+0(FP), R15;  \
	MOVQ k+8(FP), R11;  \
	MOVQ 0(R15), R13;   \
	MOVQ 8(R15), R10;   \
	SUBQ $128, R13;     \
	SLICES_CONSTANTS

// Offsets of rows, from R10 to CX.
#define SLICE_NEIGHBOURS(s) \
	MOVL       8(R14), CX;         \
	LEAQ       24(R14), R10;       \
	LEAQ       (R10)(CX*4), CX;    \
	LEAQ       24*s(R13), DX;      \
	VPTERNLOGQ $0xff, Z28, Z28, Z28

// Neighbours of a node in 512 chains, and in 1,024.
#define SLICE_GATHER1(gather, gathered) \
	SLICE_NEIGHBOURS(64);       \
	CMPQ R10, CX;               \
	JEQ  gathered;              \
gather:                         \
	MOVLQSX 0(R10), AX;         \
	ADDQ    $4, R10;            \
	SLICE_INPUT(0, 64, Z0, Z1); \
	ADDQ    $128, DX;           \
	CMPQ    R10, CX;            \
	JNE     gather;             \
gathered:

#define SLICE_GATHER2(gather, gathered) \
	SLICE_NEIGHBOURS(128);        \
	CMPQ R10, CX;                 \
	JEQ  gathered;                \
gather:                           \
	MOVLQSX 0(R10), AX;           \
	ADDQ    $4, R10;              \
	SLICE_INPUT(0, 128, Z0, Z1);  \
	SLICE_INPUT(64, 128, Z2, Z3); \
	ADDQ    $256, DX;             \
	CMPQ    R10, CX;              \
	JNE     gather;               \
gathered:

// The sum of a node behind its noise.
#define SLICE_SUM1(add, added, column) \
	MOVL  12(R14), R12;                                           \
	TESTL R12, R12;                                               \
	JEQ   added;                                                  \
add:                                                              \
	SLICE_OFFSETS;                                                \
	SLICE_ADDER(0);                                               \
	ADDQ $10, R10;                                                \
	DECL R12;                                                     \
	JNE  add;                                                     \
added:                                                            \
	SLICE_OFFSETS;                                                \
	SLICE_CARRIES(0, Z5, Z6, Z7, Z8, Z9, Z10);                    \
	ADDQ $12, R10;                                                \
	MOVL 16(R14), R12;                                            \
column:                                                           \
	SLICE_OFFSETS;                                                \
	MOVWLZX 12(R10), R9;                                          \
	SLICE_COLUMN(0, Z5, Z6, Z7, Z8, Z9, Z10, Z0, Z1, Z2, Z3, Z4); \
	ADDQ    $16, R10;                                             \
	DECL    R12;                                                  \
	JNE     column;                                               \
	SLICE_ENDING;                                                 \
	SLICE_LAST(0, Z5, Z6, Z7, Z8, Z9, Z10, Z0, Z1, Z2, Z3, Z4)

#define SLICE_SUM2(add, added, column) \
	MOVL  12(R14), R12;                                                 \
	TESTL R12, R12;                                                     \
	JEQ   added;                                                        \
add:                                                                    \
	SLICE_OFFSETS;                                                      \
	SLICE_ADDER(0);                                                     \
	SLICE_ADDER(64);                                                    \
	ADDQ $10, R10;                                                      \
	DECL R12;                                                           \
	JNE  add;                                                           \
added:                                                                  \
	SLICE_OFFSETS;                                                      \
	SLICE_CARRIES(0, Z5, Z6, Z7, Z8, Z9, Z10);                          \
	SLICE_CARRIES(64, Z11, Z12, Z13, Z14, Z15, Z28);                    \
	ADDQ $12, R10;                                                      \
	MOVL 16(R14), R12;                                                  \
column:                                                                 \
	SLICE_OFFSETS;                                                      \
	MOVWLZX 12(R10), R9;                                                \
	SLICE_COLUMN(0, Z5, Z6, Z7, Z8, Z9, Z10, Z0, Z1, Z2, Z3, Z4);       \
	SLICE_COLUMN(64, Z11, Z12, Z13, Z14, Z15, Z28, Z0, Z1, Z2, Z3, Z4); \
	ADDQ    $16, R10;                                                   \
	DECL    R12;                                                        \
	JNE     column;                                                     \
	SLICE_ENDING;                                                       \
	SLICE_LAST(0, Z5, Z6, Z7, Z8, Z9, Z10, Z0, Z1, Z2, Z3, Z4);                 \
	SLICE_LAST(64, Z11, Z12, Z13, Z14, Z15, Z28, Z0, Z1, Z2, Z3, Z4)

// To the next node.
#define SLICE_NEXT(node) \
	MOVLQSX 20(R14), AX; \
	ADDQ    AX, R14;     \
	DECQ    40(R15);     \
	JNE     node;        \
	VZEROUPPER

// The slot of the next node.
#define SLICE_SLOT \
	MOVLQSX 20(R14), AX;     \
	MOVL    (R14)(AX*1), AX

// func ArsSlices512(a *Slices, k *SliceArs)
TEXT ·ArsSlices512(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS
	MOVL 0(R14), AX
	SLICE_FIRST

node:
	SLICE_GATHER1(gather, gathered)
	SLICE_SLOT
	SLICE_NOISE(64, 0, 0, SLICE_BEGINS, SLICE_ROUND, SLICE_ENDS)
	SLICE_SUM1(add, added, column)
	SLICE_NEXT(node)
	RET

// func ArsSlices1024(a *Slices, k *SliceArs)
TEXT ·ArsSlices1024(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS
	MOVL 0(R14), AX
	SLICE_FIRST

node:
	SLICE_GATHER2(gather, gathered)
	MOVL 0(R14), AX
	SLICE_NOISE(128, 0, 512, SLICE_BEGINS, SLICE_ROUND, SLICE_ENDS)
	SLICE_SLOT
	SLICE_NOISE(128, 64, 0, SLICE_BEGINS, SLICE_ROUND, SLICE_ENDS)
	SLICE_SUM2(add, added, column)
	SLICE_NEXT(node)
	RET

// func ReadSlices512(a *Slices, k *SliceBytes)
TEXT ·ReadSlices512(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS

node:
	SLICE_READ(0)
	SLICE_GATHER1(gather, gathered)
	SLICE_NOISE(64, 0, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_SUM1(add, added, column)
	ADDQ $512, R11
	SLICE_NEXT(node)
	RET

// func ReadSlices1024(a *Slices, k *SliceBytes)
TEXT ·ReadSlices1024(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS

node:
	SLICE_READ(0)
	SLICE_GATHER2(gather, gathered)
	SLICE_NOISE(128, 0, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_READ(512)
	SLICE_NOISE(128, 64, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_SUM2(add, added, column)
	ADDQ $1024, R11
	SLICE_NEXT(node)
	RET

// func ReadWideSlices512(a *Slices, k *SliceBytes)
TEXT ·ReadWideSlices512(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS

node:
	SLICE_READ(0)
	SLICE_GATHER1(gather, gathered)
	SLICE_NOISE(64, 0, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_READ(0)
	SLICE_TOP(64, 0)
	SLICE_SUM1(add, added, column)
	ADDQ $512, R11
	SLICE_NEXT(node)
	RET

// func ReadWideSlices1024(a *Slices, k *SliceBytes)
TEXT ·ReadWideSlices1024(SB), NOSPLIT, $0-16
	SLICES_ARGUMENTS

node:
	SLICE_READ(0)
	SLICE_GATHER2(gather, gathered)
	SLICE_NOISE(128, 0, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_READ(0)
	SLICE_TOP(128, 0)
	SLICE_READ(512)
	SLICE_NOISE(128, 64, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	SLICE_READ(512)
	SLICE_TOP(128, 64)
	SLICE_SUM2(add, added, column)
	ADDQ $1024, R11
	SLICE_NEXT(node)
	RET

// func ArsSliceBytes512(k *SliceArs, slot uint32, to *[512]uint8)
TEXT ·ArsSliceBytes512(SB), NOSPLIT, $0-24
	MOVQ  k+0(FP), R11
	MOVQ  to+16(FP), DI
	MOVL  $0xaa, AX
	KMOVW AX, K1
	MOVL  slot+8(FP), AX
	SLICE_DRAW(0)
	SLICE_STORE(0)
	VZEROUPPER
	RET

// func ArsSliceBytes1024(k *SliceArs, slot uint32, to *[2][512]uint8)
TEXT ·ArsSliceBytes1024(SB), NOSPLIT, $0-24
	MOVQ  k+0(FP), R11
	MOVQ  to+16(FP), DI
	MOVL  $0xaa, AX
	KMOVW AX, K1
	MOVL  slot+8(FP), AX
	SLICE_DRAW(0)
	SLICE_STORE(0)
	SLICE_DRAW(512)
	SLICE_STORE(512)
	VZEROUPPER
	RET

// func ArsSliceDraws512(a *SliceDraws, k *SliceArs)
TEXT ·ArsSliceDraws512(SB), NOSPLIT, $0-16
	SLICES_DRAWS
	MOVL 16(R15), AX
	MOVL AX, R14
	SLICE_FIRST

node:
	INCL R14
	MOVL R14, AX
	SLICE_NOISE(64, 0, 0, SLICE_BEGINS, SLICE_ROUND, SLICE_ENDS)
	ADDQ $960, R13
	DECQ R10
	JNE  node
	VZEROUPPER
	RET

// func ReadSliceDraws512(a *SliceDraws, k *[512]uint8)
TEXT ·ReadSliceDraws512(SB), NOSPLIT, $0-16
	SLICES_DRAWS

node:
	SLICE_READ(0)
	SLICE_NOISE(64, 0, 0, SLICE_NONE, SLICE_NOTHING, SLICE_DONE)
	ADDQ $512, R11
	ADDQ $960, R13
	DECQ R10
	JNE  node
	VZEROUPPER
	RET

// Blocks of two places of 16 chains in a row, behind the first one of a set.
DATA sliceBlocks<>+0(SB)/8, $0
DATA sliceBlocks<>+8(SB)/8, $1
DATA sliceBlocks<>+16(SB)/8, $8
DATA sliceBlocks<>+24(SB)/8, $9
DATA sliceBlocks<>+32(SB)/8, $16
DATA sliceBlocks<>+40(SB)/8, $17
DATA sliceBlocks<>+48(SB)/8, $24
DATA sliceBlocks<>+56(SB)/8, $25
GLOBL sliceBlocks<>(SB), RODATA|NOPTR, $64

// The four words of a block side by side, those of even places, then those of odd ones.
#define SLICE_BLOCKS(at, a, b, c, d) \
	VPSHUFD     $0xa0, b, K1, a; \
	VPSHUFD     $0xa0, d, K1, c; \
	VPUNPCKLQDQ c, a, b;         \
	VPUNPCKHQDQ c, a, d;         \
	VMOVDQU64   b, at+0(BX);     \
	VMOVDQU64   d, at+64(BX)

// func PhiloxSlices512(k *Philox, first uint32, to *[512]uint8)
TEXT ·PhiloxSlices512(SB), NOSPLIT, $0-24
	PHILOX_CONSTANTS(sliceBlocks)
	MOVQ  to+16(FP), BX
	PHILOX_SETS(2, words)

words:
	MOVL  $0xaaaa, AX
	KMOVW AX, K1
	SLICE_BLOCKS(0, Z0, Z1, Z2, Z3)
	SLICE_BLOCKS(128, Z6, Z7, Z8, Z9)
	SLICE_BLOCKS(256, Z12, Z13, Z14, Z15)
	SLICE_BLOCKS(384, Z18, Z19, Z20, Z21)
	VZEROUPPER
	RET
