//go:build !purego

#include "textflag.h"

// Kernels of continuous nodes, 64 chains at a time, in AVX-512.

// Words of the first and of the second slot of two, in a list of both by turns.
DATA wordsEven<>+0(SB)/8, $0x0000000200000000
DATA wordsEven<>+8(SB)/8, $0x0000000600000004
DATA wordsEven<>+16(SB)/8, $0x0000000a00000008
DATA wordsEven<>+24(SB)/8, $0x0000000e0000000c
DATA wordsEven<>+32(SB)/8, $0x0000001200000010
DATA wordsEven<>+40(SB)/8, $0x0000001600000014
DATA wordsEven<>+48(SB)/8, $0x0000001a00000018
DATA wordsEven<>+56(SB)/8, $0x0000001e0000001c
GLOBL wordsEven<>(SB), RODATA|NOPTR, $64

DATA wordsOdd<>+0(SB)/8, $0x0000000300000001
DATA wordsOdd<>+8(SB)/8, $0x0000000700000005
DATA wordsOdd<>+16(SB)/8, $0x0000000b00000009
DATA wordsOdd<>+24(SB)/8, $0x0000000f0000000d
DATA wordsOdd<>+32(SB)/8, $0x0000001300000011
DATA wordsOdd<>+40(SB)/8, $0x0000001700000015
DATA wordsOdd<>+48(SB)/8, $0x0000001b00000019
DATA wordsOdd<>+56(SB)/8, $0x0000001f0000001d
GLOBL wordsOdd<>(SB), RODATA|NOPTR, $64

// From 16 chains, eight each at a and b, to rows at to and to + 512.
#define JOIN_WORDS(at, to) \
	VMOVDQU32 at+0(SI), Z0;   \
	VMOVDQU32 at+64(SI), Z1;  \
	VMOVDQA32 Z0, Z2;         \
	VPERMT2D  Z1, Z30, Z0;    \
	VPERMT2D  Z1, Z31, Z2;    \
	VMOVDQU32 Z0, to+0(DI);   \
	VMOVDQU32 Z2, to+512(DI)

// func JoinWords512(halves *[2][2][64]uint32, words *[4][64]uint32)
TEXT ·JoinWords512(SB), NOSPLIT, $0-16
	MOVQ      halves+0(FP), SI
	MOVQ      words+8(FP), DI
	VMOVDQU32 wordsEven<>(SB), Z30
	VMOVDQU32 wordsOdd<>(SB), Z31
	JOIN_WORDS(0, 0)
	JOIN_WORDS(128, 64)
	JOIN_WORDS(256, 256)
	JOIN_WORDS(384, 320)
	JOIN_WORDS(512, 128)
	JOIN_WORDS(640, 192)
	JOIN_WORDS(768, 384)
	JOIN_WORDS(896, 448)
	VZEROUPPER
	RET

DATA normalNumbers<>+0(SB)/4, $0x7fffffff  // all but the sign
DATA normalNumbers<>+4(SB)/4, $0x00080000  // 2^19
DATA normalNumbers<>+8(SB)/4, $0x80000000
DATA normalNumbers<>+12(SB)/4, $0
DATA normalNumbers<>+16(SB)/8, $33344               // of a piece: (1023+19)·32
DATA normalNumbers<>+24(SB)/8, $0x000fffffffffffff
DATA normalNumbers<>+32(SB)/8, $0x3ff0000000000000  // 1
DATA normalNumbers<>+40(SB)/8, $0x4000000000000000  // 2
DATA normalNumbers<>+48(SB)/8, $0x4008000000000000  // 3
GLOBL normalNumbers<>(SB), RODATA|NOPTR, $56

// The pieces of two numbers at the places at and at + 8 of R9 to one register.
#define NORMAL_PIECES(at, to, low) \
	MOVL         at+0(R9), AX;         \
	MOVL         at+8(R9), BX;         \
	VMOVUPD      (DI)(AX*1), low;      \
	VINSERTF64X4 $1, (DI)(BX*1), to, to

// The cubic of each of eight numbers u in float64. Their pieces are loaded one by one and
// turned round. The other registers are free, y0 … y3 being halves of z0 … z3.
#define NORMAL_CUBIC(at, u, e, z0, z1, z2, z3, y0, y1, y2, y3) \
	VPSRLQ      $47, u, e;             \
	VPSUBQ      Z23, e, e;             \
	VPSLLQ      $5, e, e;              \
	VPMOVQD     e, y0;                 \
	VMOVDQU     y0, at+0(R9);          \
	NORMAL_PIECES(at+0, z0, y0);       \
	NORMAL_PIECES(at+4, z1, y1);       \
	NORMAL_PIECES(at+16, z2, y2);      \
	NORMAL_PIECES(at+20, z3, y3);      \
	VPSLLQ      $5, u, u;              \
	VPTERNLOGQ  $0xea, Z25, Z24, u;    \
	VSUBPD      Z25, u, u;             \
	VMULPD      Z27, u, u;             \
	VUNPCKHPD   z1, z0, e;             \
	VUNPCKLPD   z1, z0, z0;            \
	VUNPCKHPD   z3, z2, z1;            \
	VUNPCKLPD   z3, z2, z2;            \
	VSHUFF64X2  $0xdd, z1, e, z3;      \
	VSHUFF64X2  $0x88, z1, e, z1;      \
	VSHUFF64X2  $0xdd, z2, z0, e;      \
	VSHUFF64X2  $0x88, z2, z0, z0;     \
	VSUBPD      Z26, u, z2;            \
	VMULPD      z3, z2, z2;            \
	VADDPD      z2, e, e;              \
	VSUBPD      Z25, u, z2;            \
	VMULPD      e, z2, z2;             \
	VADDPD      z2, z1, z1;            \
	VMULPD      z1, u, u;              \
	VADDPD      u, z0, u

// func Normals512(table *[512]Cubic, words *[64]uint32, z *[64]float32) (rare uint64)
TEXT ·Normals512(SB), NOSPLIT, $96-32
	MOVQ         table+0(FP), DI
	MOVQ         words+8(FP), SI
	MOVQ         z+16(FP), DX
	VPBROADCASTD normalNumbers<>+0(SB), Z20
	VPBROADCASTD normalNumbers<>+4(SB), Z21
	VPBROADCASTD normalNumbers<>+8(SB), Z22
	VPBROADCASTQ normalNumbers<>+16(SB), Z23
	VPBROADCASTQ normalNumbers<>+24(SB), Z24
	VPBROADCASTQ normalNumbers<>+32(SB), Z25
	VPBROADCASTQ normalNumbers<>+40(SB), Z26
	VPBROADCASTQ normalNumbers<>+48(SB), Z27
	XORL         R8, R8
	LEAQ         31(SP), R9
	ANDQ         $-32, R9
	MOVL         $4, CX

loop:
	VMOVDQU32     (SI), Z0
	VPANDD        Z20, Z0, Z1
	VPCMPUD       $1, Z21, Z1, K5
	VPMAXUD       Z21, Z1, Z1
	VCVTDQ2PD     Y1, Z2
	VEXTRACTI64X4 $1, Z1, Y3
	VCVTDQ2PD     Y3, Z3
	NORMAL_CUBIC(0, Z2, Z4, Z5, Z6, Z7, Z8, Y5, Y6, Y7, Y8)
	NORMAL_CUBIC(32, Z3, Z9, Z10, Z11, Z12, Z13, Y10, Y11, Y12, Y13)
	VCVTPD2PS     Z2, Y2
	VCVTPD2PS     Z3, Y3
	VINSERTF64X4  $1, Y3, Z2, Z2
	VPTERNLOGD    $0xd2, Z22, Z0, Z2
	VMOVUPS       Z2, (DX)
	KMOVW         K5, AX
	SHLQ          $48, AX
	SHRQ          $16, R8
	ORQ           AX, R8
	ADDQ          $64, SI
	ADDQ          $64, DX
	DECL          CX
	JNE           loop
	MOVQ          R8, rare+24(FP)
	VZEROUPPER
	RET

// func SumTerms512(sum *[64]float32, constant float32, state *float32, terms *Term, n int)
TEXT ·SumTerms512(SB), NOSPLIT, $0-40
	MOVQ         sum+0(FP), DX
	VBROADCASTSS constant+8(FP), Z0
	MOVQ         state+16(FP), DI
	MOVQ         terms+24(FP), SI
	MOVQ         n+32(FP), CX
	VMOVAPS      Z0, Z1
	VMOVAPS      Z0, Z2
	VMOVAPS      Z0, Z3
	TESTQ        CX, CX
	JEQ          done

loop:
	VBROADCASTSS 0(SI), Z4
	MOVLQSX      4(SI), AX
	VMULPS       0(DI)(AX*1), Z4, Z5
	VMULPS       64(DI)(AX*1), Z4, Z6
	VMULPS       128(DI)(AX*1), Z4, Z7
	VMULPS       192(DI)(AX*1), Z4, Z8
	VADDPS       Z5, Z0, Z0
	VADDPS       Z6, Z1, Z1
	VADDPS       Z7, Z2, Z2
	VADDPS       Z8, Z3, Z3
	ADDQ         $8, SI
	DECQ         CX
	JNE          loop

done:
	VMOVUPS Z0, 0(DX)
	VMOVUPS Z1, 64(DX)
	VMOVUPS Z2, 128(DX)
	VMOVUPS Z3, 192(DX)
	VZEROUPPER
	RET

#define MIX_SIXTEEN(at) \
	VMULPS  at(SI), Z8, Z0; \
	VMULPS  at(BX), Z9, Z1; \
	VADDPS  Z1, Z0, Z0;     \
	VMOVUPS Z0, at(DX)

// func Mix512(out, x, y *[64]float32, a, b float32)
TEXT ·Mix512(SB), NOSPLIT, $0-32
	MOVQ         out+0(FP), DX
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), BX
	VBROADCASTSS a+24(FP), Z8
	VBROADCASTSS b+28(FP), Z9
	MIX_SIXTEEN(0)
	MIX_SIXTEEN(64)
	MIX_SIXTEEN(128)
	MIX_SIXTEEN(192)
	VZEROUPPER
	RET
