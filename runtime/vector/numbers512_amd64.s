//go:build !purego

#include "textflag.h"
#include "philox512_amd64.h"

// Words and normal numbers of 64 chains, in AVX-512.

// Blocks of a set, so that NUMBER_WORDS puts their words in the order of chains.
DATA numberRow<>+0(SB)/8, $0
DATA numberRow<>+8(SB)/8, $4
DATA numberRow<>+16(SB)/8, $1
DATA numberRow<>+24(SB)/8, $5
DATA numberRow<>+32(SB)/8, $2
DATA numberRow<>+40(SB)/8, $6
DATA numberRow<>+48(SB)/8, $3
DATA numberRow<>+56(SB)/8, $7
GLOBL numberRow<>(SB), RODATA|NOPTR, $64

DATA numberStep<>+0(SB)/8, $8
GLOBL numberStep<>(SB), RODATA|NOPTR, $8

// Constants: Z30, Z31 the multipliers, Z29 and Z28 the blocks of two sets, K1 for
// PHILOX_WORDS, DX tells 10 rounds from 7.
#define NUMBER_CONSTANTS(first) \
	MOVQ         k+0(FP), DI;              \
	MOVL         first, AX;                \
	VPBROADCASTQ AX, Z29;                  \
	VPADDQ       numberRow<>(SB), Z29, Z29; \
	VPADDQ.BCST  numberStep<>(SB), Z29, Z28; \
	MOVL         $0xD2511F53, AX;          \
	VPBROADCASTQ AX, Z30;                  \
	MOVL         $0xCD9E8D57, AX;          \
	VPBROADCASTQ AX, Z31;                  \
	MOVL         $0xaaaa, AX;              \
	KMOVW        AX, K1;                   \
	MOVQ         80+72(DI), DX

// Rounds 1 to 3 of blocks p under the head at from; e and f are free.
#define NUMBER_HEAD(from, p, a, b, c, d, e, f) \
	VPXORQ.BCST  from+0(R8), p, a; \
	VPMULUDQ     a, Z30, e;        \
	VPSRLQ       $32, e, f;        \
	VPXORQ.BCST  from+8(R8), f, f; \
	VPMULUDQ     f, Z31, b;        \
	VPSRLQ       $32, b, a;        \
	VPXORQ.BCST  from+16(R8), a, a; \
	VPXORQ.BCST  from+24(R8), e, c; \
	VPBROADCASTQ from+32(R8), d

// The words of a set's 32 chains, in order, to a and b.
#define NUMBER_WORDS(a, b, c, d) \
	VPSHUFD    $0xa0, b, K1, a; \
	VPSHUFD    $0xa0, d, K1, c; \
	VPUNPCKHQDQ c, a, b;        \
	VPUNPCKLQDQ c, a, a

// func PhiloxNumbers512(k *Philox, first uint32, words *[64]uint32)
TEXT ·PhiloxNumbers512(SB), NOSPLIT, $0-24
	NUMBER_CONSTANTS(first+8(FP))
	MOVQ  words+16(FP), SI
	MOVQ  DI, R8
	TESTQ DX, DX
	NUMBER_HEAD(0, Z29, Z0, Z1, Z2, Z3, Z4, Z5)
	NUMBER_HEAD(0, Z28, Z6, Z7, Z8, Z9, Z10, Z11)
	PHILOX_TWO1(40)
	PHILOX_TWO2(56)
	PHILOX_TWO3(72)
	PHILOX_TWO4(88)
	JEQ   words
	PHILOX_TWO1(104)
	PHILOX_TWO2(120)
	PHILOX_TWO3(136)
	PHILOX_BACK2

words:
	NUMBER_WORDS(Z0, Z1, Z2, Z3)
	NUMBER_WORDS(Z6, Z7, Z8, Z9)
	VMOVDQU64 Z0, 0(SI)
	VMOVDQU64 Z1, 64(SI)
	VMOVDQU64 Z6, 128(SI)
	VMOVDQU64 Z7, 192(SI)
	VZEROUPPER
	RET

DATA normalNumbers<>+0(SB)/4, $0x7fffffff  // all but the sign
DATA normalNumbers<>+4(SB)/4, $0x00008000  // 2^15
DATA normalNumbers<>+8(SB)/4, $0x003fffff  // of a float32 what lies behind the piece
DATA normalNumbers<>+12(SB)/4, $0x3f800000 // 1
DATA normalNumbers<>+16(SB)/4, $0x3fc00000 // 1.5
DATA normalNumbers<>+20(SB)/4, $0x80000000
GLOBL normalNumbers<>(SB), RODATA|NOPTR, $24

// Of 16 words: n and then the piece to i, the place in it to x.
#define NORMAL_PLACE(i, x) \
	VCVTUDQ2PS.RZ_SAE i, i;            \
	VMOVDQA32         i, x;            \
	VPTERNLOGD        $0xea, Z25, Z24, x; \
	VPSRLD            $22, i, i;       \
	VSUBPS            Z26, x, x

// The coefficients of four pieces in the column at BX + at.
#define NORMAL_COLUMN(at, i0, i1, i2, i3, c0, c1, c2, c3) \
	VMOVUPS  at(BX), c0;              \
	VMOVAPS  c0, c1;                  \
	VMOVAPS  c0, c2;                  \
	VMOVAPS  c0, c3;                  \
	VPERMT2PS at+64(BX), i0, c0;      \
	VPERMT2PS at+64(BX), i1, c1;      \
	VPERMT2PS at+64(BX), i2, c2;      \
	VPERMT2PS at+64(BX), i3, c3

#define NORMAL_STEP(at, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3) \
	NORMAL_COLUMN(at, i0, i1, i2, i3, c0, c1, c2, c3); \
	VMULPS x0, p0, p0; \
	VMULPS x1, p1, p1; \
	VMULPS x2, p2, p2; \
	VMULPS x3, p3, p3; \
	VADDPS c0, p0, p0; \
	VADDPS c1, p1, p1; \
	VADDPS c2, p2, p2; \
	VADDPS c3, p3, p3

#define NORMAL_SIGN(w, p) VPTERNLOGD.BCST $0xd2, normalNumbers<>+20(SB), w, p

#define NORMAL_CONSTANTS \
	VPBROADCASTD normalNumbers<>+8(SB), Z24;  \
	VPBROADCASTD normalNumbers<>+12(SB), Z25; \
	VPBROADCASTD normalNumbers<>+16(SB), Z26; \
	VPBROADCASTD normalNumbers<>+0(SB), Z27

// The normal numbers of 64 words to SI; Z24 to Z27 are constants, the 20 other registers
// free. The least n of each chain mod 16 goes to p0, those below 2^15 to K2.
#define NORMAL_ROW(w0, w1, w2, w3, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3) \
	VPANDD       Z27, w0, i0;  \
	VPANDD       Z27, w1, i1;  \
	VPANDD       Z27, w2, i2;  \
	VPANDD       Z27, w3, i3;  \
	VPMINUD      i0, i1, p0;   \
	VPMINUD      i2, i3, p1;   \
	VPMINUD      p0, p1, p0;   \
	VPCMPUD.BCST $1, normalNumbers<>+4(SB), p0, K2; \
	NORMAL_PLACE(i0, x0);      \
	NORMAL_PLACE(i1, x1);      \
	NORMAL_PLACE(i2, x2);      \
	NORMAL_PLACE(i3, x3);      \
	NORMAL_COLUMN(640, i0, i1, i2, i3, p0, p1, p2, p3); \
	NORMAL_STEP(512, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3); \
	NORMAL_STEP(384, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3); \
	NORMAL_STEP(256, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3); \
	NORMAL_STEP(128, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3); \
	NORMAL_STEP(0, i0, i1, i2, i3, x0, x1, x2, x3, p0, p1, p2, p3, c0, c1, c2, c3);   \
	NORMAL_SIGN(w0, p0);          \
	NORMAL_SIGN(w1, p1);          \
	NORMAL_SIGN(w2, p2);          \
	NORMAL_SIGN(w3, p3);          \
	VMOVUPS  p0, 0(SI);           \
	VMOVUPS  p1, 64(SI);          \
	VMOVUPS  p2, 128(SI);         \
	VMOVUPS  p3, 192(SI)

// func Normals512(table *NormalTable, words *[64]uint32, z *[64]float32) (rare uint64)
TEXT ·Normals512(SB), NOSPLIT, $0-32
	MOVQ      table+0(FP), BX
	MOVQ      words+8(FP), DX
	MOVQ      z+16(FP), SI
	NORMAL_CONSTANTS
	XORL      R9, R9
	VMOVDQU64 0(DX), Z0
	VMOVDQU64 64(DX), Z1
	VMOVDQU64 128(DX), Z6
	VMOVDQU64 192(DX), Z7
	NORMAL_ROW(Z0, Z1, Z6, Z7, Z2, Z3, Z4, Z5, Z8, Z9, Z10, Z11, Z14, Z15, Z16, Z17, Z20, Z21, Z22, Z23)
	KORTESTW  K2, K2
	JEQ       done
	VPANDD    Z27, Z0, Z0
	VPANDD    Z27, Z1, Z1
	VPANDD    Z27, Z6, Z6
	VPANDD    Z27, Z7, Z7
	VPCMPUD.BCST $1, normalNumbers<>+4(SB), Z0, K2
	VPCMPUD.BCST $1, normalNumbers<>+4(SB), Z1, K3
	VPCMPUD.BCST $1, normalNumbers<>+4(SB), Z6, K4
	VPCMPUD.BCST $1, normalNumbers<>+4(SB), Z7, K5
	KUNPCKWD  K2, K3, K2
	KUNPCKWD  K4, K5, K4
	KUNPCKDQ  K2, K4, K2
	KMOVQ     K2, R9

done:
	MOVQ      R9, rare+24(FP)
	VZEROUPPER
	RET

// Two slots at a time, the last one twice where it is alone.
//
// func PhiloxNormals512(k *Philox, heads *PhiloxHead, n int, first uint32, table *NormalTable, z *[64]float32) (rare bool)
TEXT ·PhiloxNormals512(SB), NOSPLIT, $0-49
	NUMBER_CONSTANTS(first+24(FP))
	NORMAL_CONSTANTS
	MOVQ  heads+8(FP), R8
	MOVQ  n+16(FP), CX
	MOVQ  table+32(FP), BX
	MOVQ  z+40(FP), SI
	XORL  R12, R12
	MOVL  $40, R13
	MOVL  $256, R14
	KXORW K0, K0, K0

loop:
	CMPQ    CX, $2
	CMOVQLT R12, R13
	CMOVQLT R12, R14
	NUMBER_HEAD(0, Z29, Z0, Z1, Z2, Z3, Z4, Z5)
	NUMBER_HEAD(0, Z28, Z6, Z7, Z8, Z9, Z10, Z11)
	ADDQ    R13, R8
	NUMBER_HEAD(0, Z29, Z12, Z13, Z14, Z15, Z16, Z17)
	NUMBER_HEAD(0, Z28, Z18, Z19, Z20, Z21, Z22, Z23)
	PHILOX_ROUND1(40)
	PHILOX_ROUND2(56)
	PHILOX_ROUND3(72)
	PHILOX_ROUND4(88)
	TESTQ   DX, DX
	JEQ     words
	PHILOX_ROUND1(104)
	PHILOX_ROUND2(120)
	PHILOX_ROUND3(136)
	PHILOX_BACK4

words:
	NUMBER_WORDS(Z0, Z1, Z2, Z3)
	NUMBER_WORDS(Z6, Z7, Z8, Z9)
	NUMBER_WORDS(Z12, Z13, Z14, Z15)
	NUMBER_WORDS(Z18, Z19, Z20, Z21)
	NORMAL_ROW(Z0, Z1, Z6, Z7, Z2, Z3, Z4, Z5, Z8, Z9, Z10, Z11, Z14, Z15, Z16, Z17, Z20, Z21, Z22, Z23)
	KORW K2, K0, K0
	ADDQ R14, SI
	NORMAL_ROW(Z12, Z13, Z18, Z19, Z2, Z3, Z4, Z5, Z8, Z9, Z10, Z11, Z14, Z15, Z16, Z17, Z20, Z21, Z22, Z23)
	KORW K2, K0, K0
	ADDQ $256, SI
	ADDQ $40, R8
	SUBQ $2, CX
	JGT  loop
	KORTESTW K0, K0
	SETNE rare+48(FP)
	VZEROUPPER
	RET

// Four blocks for ARS-5.
DATA arsNumbers<>+0(SB)/8, $0x0000000000000000
DATA arsNumbers<>+8(SB)/8, $0
DATA arsNumbers<>+16(SB)/8, $0x0000000100000000
DATA arsNumbers<>+24(SB)/8, $0
DATA arsNumbers<>+32(SB)/8, $0x0000000200000000
DATA arsNumbers<>+40(SB)/8, $0
DATA arsNumbers<>+48(SB)/8, $0x0000000300000000
DATA arsNumbers<>+56(SB)/8, $0
GLOBL arsNumbers<>(SB), RODATA|NOPTR, $64

DATA arsNext<>+0(SB)/8, $0x0000000400000000
DATA arsNext<>+8(SB)/8, $0
GLOBL arsNext<>(SB), RODATA|NOPTR, $16

#define ARS_EIGHT_BLOCKS(op, at) \
	VBROADCASTI32X4 at(DI), Z4; \
	op Z4, Z0, Z0;              \
	op Z4, Z1, Z1;              \
	op Z4, Z2, Z2;              \
	op Z4, Z3, Z3

// func ArsNumbers512(k *Ars, first uint32, words *[64]uint32)
TEXT ·ArsNumbers512(SB), NOSPLIT, $0-24
	MOVQ            k+0(FP), DI
	MOVL            first+8(FP), AX
	MOVQ            words+16(FP), SI
	SHLQ            $32, AX
	MOVL            $0x55, BX
	KMOVW           BX, K1
	VPBROADCASTQ.Z  AX, K1, Z0
	VBROADCASTI32X4 0(DI), Z4
	VBROADCASTI32X4 arsNext<>(SB), Z5
	VPADDD          Z4, Z0, Z0
	VPADDD          arsNumbers<>(SB), Z0, Z0
	VPADDD          Z5, Z0, Z1
	VPADDD          Z5, Z1, Z2
	VPADDD          Z5, Z2, Z3
	ARS_EIGHT_BLOCKS(VPXORQ, 16)
	ARS_EIGHT_BLOCKS(VAESENC, 32)
	ARS_EIGHT_BLOCKS(VAESENC, 48)
	ARS_EIGHT_BLOCKS(VAESENC, 64)
	ARS_EIGHT_BLOCKS(VAESENC, 80)
	ARS_EIGHT_BLOCKS(VAESENCLAST, 96)
	VMOVDQU64       Z0, 0(SI)
	VMOVDQU64       Z1, 64(SI)
	VMOVDQU64       Z2, 128(SI)
	VMOVDQU64       Z3, 192(SI)
	VZEROUPPER
	RET
