//go:build !purego

#include "textflag.h"

// A matrix times rows of 64 chains, in AVX2: four rows of results of 16 chains at a time, in
// Y0 … Y7.

#define FORCE_ROW2(n, s0, s1) \
	VBROADCASTSS n(SI), Y10;   \
	VFMADD231PS  Y8, Y10, s0;  \
	VFMADD231PS  Y9, Y10, s1

// func Dense256(sum *[64]float32, start *float32, x *[64]float32, matrix *float32, panels, n int)
TEXT ·Dense256(SB), NOSPLIT, $0-48
	MOVQ sum+0(FP), DX
	MOVQ start+8(FP), R11
	MOVQ matrix+24(FP), R9
	MOVQ panels+32(FP), CX

panel:
	MOVQ x+16(FP), DI
	MOVL $4, R10

chains:
	MOVQ    DI, R8
	MOVQ    R9, SI
	MOVQ    n+40(FP), BX
	TESTQ   R11, R11
	JNE     start
	VMOVUPS 0(DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVUPS 256(DX), Y2
	VMOVUPS 288(DX), Y3
	VMOVUPS 512(DX), Y4
	VMOVUPS 544(DX), Y5
	VMOVUPS 768(DX), Y6
	VMOVUPS 800(DX), Y7
	JMP     column

start:
	VBROADCASTSS 0(R11), Y0
	VMOVAPS      Y0, Y1
	VBROADCASTSS 4(R11), Y2
	VMOVAPS      Y2, Y3
	VBROADCASTSS 8(R11), Y4
	VMOVAPS      Y4, Y5
	VBROADCASTSS 12(R11), Y6
	VMOVAPS      Y6, Y7

column:
	VMOVUPS 0(R8), Y8
	VMOVUPS 32(R8), Y9
	FORCE_ROW2(0, Y0, Y1)
	FORCE_ROW2(4, Y2, Y3)
	FORCE_ROW2(8, Y4, Y5)
	FORCE_ROW2(12, Y6, Y7)
	ADDQ    $256, R8
	ADDQ    $16, SI
	DECQ    BX
	JNE     column
	VMOVUPS Y0, 0(DX)
	VMOVUPS Y1, 32(DX)
	VMOVUPS Y2, 256(DX)
	VMOVUPS Y3, 288(DX)
	VMOVUPS Y4, 512(DX)
	VMOVUPS Y5, 544(DX)
	VMOVUPS Y6, 768(DX)
	VMOVUPS Y7, 800(DX)
	ADDQ    $64, DI
	ADDQ    $64, DX
	DECQ    R10
	JNE     chains
	MOVQ    SI, R9
	TESTQ   R11, R11
	JEQ     next
	ADDQ    $16, R11

next:
	ADDQ    $768, DX // 256 of the four rows are done
	DECQ    CX
	JNE     panel
	VZEROUPPER
	RET
