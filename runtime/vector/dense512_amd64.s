//go:build !purego

#include "textflag.h"

// A matrix times rows of 64 chains, in AVX-512: four rows of results at a time, in Z0 … Z15.

// One row of results: the number of a column at n(SI) times the column's chains in Z16 … Z19.
#define FORCE_ROW(n, b, s0, s1, s2, s3) \
	VBROADCASTSS n(SI), b;    \
	VFMADD231PS  Z16, b, s0;  \
	VFMADD231PS  Z17, b, s1;  \
	VFMADD231PS  Z18, b, s2;  \
	VFMADD231PS  Z19, b, s3

#define FORCE_COLUMN \
	VMOVUPS 0(R8), Z16;    \
	VMOVUPS 64(R8), Z17;   \
	VMOVUPS 128(R8), Z18;  \
	VMOVUPS 192(R8), Z19;  \
	FORCE_ROW(0, Z20, Z0, Z1, Z2, Z3);     \
	FORCE_ROW(4, Z21, Z4, Z5, Z6, Z7);     \
	FORCE_ROW(8, Z22, Z8, Z9, Z10, Z11);   \
	FORCE_ROW(12, Z23, Z12, Z13, Z14, Z15)

#define FORCE_FOUR(op, at, z0, z1, z2, z3) \
	op(at, z0); \
	op(at+64, z1); \
	op(at+128, z2); \
	op(at+192, z3)

#define FORCE_LOAD(at, z) VMOVUPS at(DX), z
#define FORCE_STORE(at, z) VMOVUPS z, at(DX)

// A number to the 64 chains of a row.
#define FORCE_START(n, s0, s1, s2, s3) \
	VBROADCASTSS n(R9), s0; \
	VMOVAPS      s0, s1;    \
	VMOVAPS      s0, s2;    \
	VMOVAPS      s0, s3

#define FORCE_PANEL(op) \
	FORCE_FOUR(op, 0, Z0, Z1, Z2, Z3);   \
	FORCE_FOUR(op, 256, Z4, Z5, Z6, Z7); \
	FORCE_FOUR(op, 512, Z8, Z9, Z10, Z11); \
	FORCE_FOUR(op, 768, Z12, Z13, Z14, Z15)

// func Dense512(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int)
TEXT ·Dense512(SB), NOSPLIT, $0-48
	MOVQ sum+0(FP), DX
	MOVQ start+8(FP), R9
	MOVQ x+16(FP), DI
	MOVQ matrix+24(FP), SI
	MOVQ panels+32(FP), CX

panel:
	TESTQ R9, R9
	JEQ   load
	FORCE_START(0, Z0, Z1, Z2, Z3)
	FORCE_START(4, Z4, Z5, Z6, Z7)
	FORCE_START(8, Z8, Z9, Z10, Z11)
	FORCE_START(12, Z12, Z13, Z14, Z15)
	ADDQ  $16, R9
	JMP   begin

load:
	FORCE_PANEL(FORCE_LOAD)

begin:
	MOVQ DI, R8
	MOVQ n+40(FP), BX

column:
	FORCE_COLUMN
	ADDQ $256, R8
	ADDQ $16, SI
	DECQ BX
	JNE  column
	FORCE_PANEL(FORCE_STORE)
	ADDQ $1024, DX
	DECQ CX
	JNE  panel
	VZEROUPPER
	RET
