//go:build !purego

#include "textflag.h"

// Kernels of continuous nodes, 64 chains at a time, in AVX2; those of float512_amd64.s in
// their order.

DATA halfNormals<>+0(SB)/4, $0x7fffffff  // all but the sign
DATA halfNormals<>+4(SB)/4, $0x00008000  // 2^15
DATA halfNormals<>+8(SB)/4, $0x003fffff  // of a float32 what lies behind the piece
DATA halfNormals<>+12(SB)/4, $0x3f800000 // 1
DATA halfNormals<>+16(SB)/4, $0x3fc00000 // 1.5
DATA halfNormals<>+20(SB)/4, $0x80000000
DATA halfNormals<>+24(SB)/4, $31
GLOBL halfNormals<>(SB), RODATA|NOPTR, $28

// Rows at the places of two numbers, four chains apart: the first half to y, two
// coefficients more to a half of tail.
#define HALF_ROWS(at, x, y) \
	MOVL        place-32+at(SP), AX;  \
	MOVL        place-16+at(SP), R10; \
	VMOVUPS     (DI)(AX*1), x;        \
	VINSERTF128 $1, (DI)(R10*1), y, y

#define HALF_TAILS(at, low, x, high) \
	MOVL   place-32+at(SP), AX;      \
	MOVL   place-28+at(SP), R10;     \
	VMOVSD 16(DI)(AX*1), low;        \
	VMOVHPD 16(DI)(R10*1), low, low; \
	MOVL   place-16+at(SP), AX;      \
	MOVL   place-12+at(SP), R10;     \
	VMOVSD 16(DI)(AX*1), high;       \
	VMOVHPD 16(DI)(R10*1), high, high; \
	VINSERTF128 $1, high, x, x

#define HALF_STEP(c) \
	VMULPS Y1, Y9, Y9; \
	VADDPS c, Y9, Y9

// func Normals256(table *NormalTable, words *[64]uint32, z *[64]float32) (rare uint64)
TEXT ·Normals256(SB), NOSPLIT, $32-32
	MOVQ         table+0(FP), DI
	MOVQ         words+8(FP), SI
	MOVQ         z+16(FP), DX
	ADDQ         $768, DI // behind the columns
	VPBROADCASTD halfNormals<>+0(SB), Y15
	VPBROADCASTD halfNormals<>+4(SB), Y14
	VPBROADCASTD halfNormals<>+24(SB), Y13
	VPBROADCASTD halfNormals<>+12(SB), Y11
	XORL         R8, R8
	MOVL         $8, CX

loop:
	VPAND        (SI), Y15, Y0
	VPCMPGTD     Y0, Y14, Y1
	VMOVMSKPS    Y1, R11
	SHLQ         $56, R11
	SHRQ         $8, R8
	ORQ          R11, R8

	// Without the highest bit that is too many the nearest number is the one below.
	VPSRLD       $24, Y0, Y1
	VPANDN       Y0, Y1, Y0
	VCVTDQ2PS    Y0, Y0
	VPBROADCASTD halfNormals<>+8(SB), Y2
	VPAND        Y2, Y0, Y1
	VPOR         Y11, Y1, Y1
	VPBROADCASTD halfNormals<>+16(SB), Y2
	VSUBPS       Y2, Y1, Y1
	VPSRLD       $22, Y0, Y0
	VPAND        Y13, Y0, Y0
	VPSLLD       $5, Y0, Y0
	VMOVDQU      Y0, place-32(SP)
	HALF_ROWS(0, X2, Y2)
	HALF_ROWS(4, X3, Y3)
	HALF_ROWS(8, X4, Y4)
	HALF_ROWS(12, X5, Y5)
	HALF_TAILS(0, X6, Y6, X8)
	HALF_TAILS(8, X7, Y7, X8)
	VSHUFPS      $0x88, Y7, Y6, Y8
	VSHUFPS      $0xdd, Y7, Y6, Y9
	HALF_STEP(Y8)
	VUNPCKLPS    Y4, Y2, Y6
	VUNPCKHPS    Y4, Y2, Y2
	VUNPCKLPS    Y5, Y3, Y7
	VUNPCKHPS    Y5, Y3, Y3
	VUNPCKHPS    Y3, Y2, Y4
	HALF_STEP(Y4)
	VUNPCKLPS    Y3, Y2, Y4
	HALF_STEP(Y4)
	VUNPCKHPS    Y7, Y6, Y4
	HALF_STEP(Y4)
	VUNPCKLPS    Y7, Y6, Y4
	HALF_STEP(Y4)
	VPBROADCASTD halfNormals<>+20(SB), Y2
	VMOVDQU      (SI), Y0
	VPANDN       Y2, Y0, Y0
	VPXOR        Y0, Y9, Y9
	VMOVUPS      Y9, (DX)
	ADDQ         $32, SI
	ADDQ         $32, DX
	DECL         CX
	JNE          loop
	MOVQ         R8, rare+24(FP)
	VZEROUPPER
	RET

#define HALF_TERM(at, y) \
	VMULPS at(DI)(AX*1), Y8, Y9; \
	VADDPS Y9, y, y

// func SumTerms256(sum *[64]float32, constant float32, state *float32, terms *Term, n int)
TEXT ·SumTerms256(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DX
	VBROADCASTSS constant+8(FP), Y0
	MOVQ         state+16(FP), DI
	MOVQ         terms+24(FP), SI
	MOVQ         n+32(FP), CX
	VMOVAPS      Y0, Y1
	VMOVAPS      Y0, Y2
	VMOVAPS      Y0, Y3
	VMOVAPS      Y0, Y4
	VMOVAPS      Y0, Y5
	VMOVAPS      Y0, Y6
	VMOVAPS      Y0, Y7
	TESTQ        CX, CX
	JEQ          done

loop:
	VBROADCASTSS 0(SI), Y8
	MOVLQSX      4(SI), AX
	HALF_TERM(0, Y0)
	HALF_TERM(32, Y1)
	HALF_TERM(64, Y2)
	HALF_TERM(96, Y3)
	HALF_TERM(128, Y4)
	HALF_TERM(160, Y5)
	HALF_TERM(192, Y6)
	HALF_TERM(224, Y7)
	ADDQ         $8, SI
	DECQ         CX
	JNE          loop

done:
	VMOVUPS Y0, 0(DX)
	VMOVUPS Y1, 32(DX)
	VMOVUPS Y2, 64(DX)
	VMOVUPS Y3, 96(DX)
	VMOVUPS Y4, 128(DX)
	VMOVUPS Y5, 160(DX)
	VMOVUPS Y6, 192(DX)
	VMOVUPS Y7, 224(DX)
	VZEROUPPER
	RET

// func Mix256(out, x, y *[64]float32, a, b float32)
TEXT ·Mix256(SB), NOSPLIT, $0-32
	MOVQ         out+0(FP), DX
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), BX
	VBROADCASTSS a+24(FP), Y8
	VBROADCASTSS b+28(FP), Y9
	MOVL         $8, CX

loop:
	VMULPS  (SI), Y8, Y0
	VMULPS  (BX), Y9, Y1
	VADDPS  Y1, Y0, Y0
	VMOVUPS Y0, (DX)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DX
	DECL    CX
	JNE     loop
	VZEROUPPER
	RET
