//go:build !purego

#include "textflag.h"

// Kernels of continuous nodes, 64 chains at a time, in AVX2; those of float512_amd64.s in
// their order.

DATA halfNormals<>+0(SB)/4, $0x7fffffff  // all but the sign
DATA halfNormals<>+4(SB)/4, $0x00080000  // 2^19
DATA halfNormals<>+8(SB)/4, $0x80000000
DATA halfNormals<>+12(SB)/4, $0
DATA halfNormals<>+16(SB)/8, $33344               // of a piece: (1023+19)·32
DATA halfNormals<>+24(SB)/8, $0x000fffffffffffff
DATA halfNormals<>+32(SB)/8, $0x3ff0000000000000  // 1
DATA halfNormals<>+40(SB)/8, $0x4000000000000000  // 2
DATA halfNormals<>+48(SB)/8, $0x4008000000000000  // 3
GLOBL halfNormals<>(SB), RODATA|NOPTR, $56

// The cubic of each of four numbers u in float64; their pieces are loaded one by one.
// Y1, Y4, Y5, Y6 and Y15 are free.
#define HALF_CUBIC(u) \
	VPSRLQ      $47, u, Y4;                 \
	VPSUBQ      Y10, Y4, Y4;                \
	VPSLLQ      $5, Y4, Y4;                 \
	VMOVDQU     Y4, place-32(SP);           \
	MOVQ        place-32(SP), AX;           \
	MOVQ        place-24(SP), BX;           \
	MOVQ        place-16(SP), R9;           \
	MOVQ        place-8(SP), R10;           \
	VMOVUPD     (DI)(AX*1), X1;             \
	VINSERTF128 $1, (DI)(R9*1), Y1, Y1;     \
	VMOVUPD     (DI)(BX*1), X4;             \
	VINSERTF128 $1, (DI)(R10*1), Y4, Y4;    \
	VMOVUPD     16(DI)(AX*1), X5;           \
	VINSERTF128 $1, 16(DI)(R9*1), Y5, Y5;   \
	VMOVUPD     16(DI)(BX*1), X6;           \
	VINSERTF128 $1, 16(DI)(R10*1), Y6, Y6;  \
	VUNPCKLPD   Y4, Y1, Y15;                \
	VUNPCKHPD   Y4, Y1, Y1;                 \
	VUNPCKLPD   Y6, Y5, Y4;                 \
	VUNPCKHPD   Y6, Y5, Y5;                 \
	VPSLLQ      $5, u, u;                   \
	VPAND       Y11, u, u;                  \
	VPOR        Y12, u, u;                  \
	VSUBPD      Y12, u, u;                  \
	VMULPD      Y14, u, u;                  \
	VSUBPD      Y13, u, Y6;                 \
	VMULPD      Y5, Y6, Y6;                 \
	VADDPD      Y6, Y4, Y4;                 \
	VSUBPD      Y12, u, Y6;                 \
	VMULPD      Y4, Y6, Y6;                 \
	VADDPD      Y6, Y1, Y1;                 \
	VMULPD      Y1, u, u;                   \
	VADDPD      u, Y15, u

// func Normals256(table *[512]Cubic, words *[64]uint32, z *[64]float32) (rare uint64)
TEXT ·Normals256(SB), NOSPLIT, $32-32
	MOVQ         table+0(FP), DI
	MOVQ         words+8(FP), SI
	MOVQ         z+16(FP), DX
	VPBROADCASTD halfNormals<>+0(SB), Y7
	VPBROADCASTD halfNormals<>+4(SB), Y8
	VPBROADCASTD halfNormals<>+8(SB), Y9
	VPBROADCASTQ halfNormals<>+16(SB), Y10
	VPBROADCASTQ halfNormals<>+24(SB), Y11
	VPBROADCASTQ halfNormals<>+32(SB), Y12
	VPBROADCASTQ halfNormals<>+40(SB), Y13
	VPBROADCASTQ halfNormals<>+48(SB), Y14
	XORL         R8, R8
	MOVL         $8, CX

loop:
	VMOVDQU      (SI), Y0
	VPAND        Y7, Y0, Y1
	VPCMPGTD     Y1, Y8, Y4
	VMOVMSKPS    Y4, R11
	SHLQ         $56, R11
	SHRQ         $8, R8
	ORQ          R11, R8
	VPMAXUD      Y8, Y1, Y1
	VCVTDQ2PD    X1, Y2
	VEXTRACTI128 $1, Y1, X3
	VCVTDQ2PD    X3, Y3
	HALF_CUBIC(Y2)
	HALF_CUBIC(Y3)
	VCVTPD2PSY   Y2, X2
	VCVTPD2PSY   Y3, X3
	VINSERTF128  $1, X3, Y2, Y2
	VPANDN       Y9, Y0, Y4
	VPXOR        Y4, Y2, Y2
	VMOVUPS      Y2, (DX)
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
