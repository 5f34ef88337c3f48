//go:build !purego

#include "textflag.h"

// The polynomial of 2^x for |x| <= 1/2, its highest power first; the least exponent; 2^-16.
DATA thetaPower<>+0(SB)/4, $0x39218489
DATA thetaPower<>+4(SB)/4, $0x3aaec3ff
DATA thetaPower<>+8(SB)/4, $0x3c1d955b
DATA thetaPower<>+12(SB)/4, $0x3d635847
DATA thetaPower<>+16(SB)/4, $0x3e75fdf0
DATA thetaPower<>+20(SB)/4, $0x3f317218
DATA thetaPower<>+24(SB)/4, $0x3f800000
DATA thetaPower<>+28(SB)/4, $0xc2fc0000
DATA thetaPower<>+32(SB)/4, $0x37800000
GLOBL thetaPower<>(SB), RODATA|NOPTR, $36

// Offsets in Thetas.
#define thetaFields 88

// 2^x for x <= 0 in place, n and p being free.
#define THETA_POWER(x, n, p) \
	VMAXPS      Z23, x, x;    \
	VRNDSCALEPS $0, x, n;     \
	VSUBPS      n, x, x;      \
	VMOVAPS     Z16, p;       \
	VFMADD213PS Z17, x, p;    \
	VFMADD213PS Z18, x, p;    \
	VFMADD213PS Z19, x, p;    \
	VFMADD213PS Z20, x, p;    \
	VFMADD213PS Z21, x, p;    \
	VFMADD213PS Z22, x, p;    \
	VSCALEFPS   n, p, x

// Adds what a table gives to the fields of one state.
#define THETA_ADD(x, y) \
	VPADDD    0(R13), x, x;  \
	VPADDD    64(R13), y, y; \
	VMOVDQU64 x, 0(R13);     \
	VMOVDQU64 y, 64(R13);    \
	ADDQ      $128, R13

// The number of sums in Z10 below the limit in low, and those not above the one in high.
#define THETA_COUNT(at, low, high, n, open) \
	VMOVUPS at(R13), Z10;        \
	VCMPPS  $1, low, Z10, K1;    \
	VCMPPS  $2, high, Z10, K2;   \
	VPADDD  Z31, n, K1, n;       \
	KANDNW  K2, K1, K2;          \
	KORW    K2, open, open

// func ThetaUpdate512(a *Thetas)
TEXT ·ThetaUpdate512(SB), NOSPLIT, $0-8
	MOVQ         a+0(FP), R15
	MOVQ         0(R15), SI
	MOVQ         8(R15), DI
	MOVQ         16(R15), R8
	MOVQ         24(R15), R9
	MOVQ         48(R15), R10
	VBROADCASTSS thetaPower<>+0(SB), Z16
	VBROADCASTSS thetaPower<>+4(SB), Z17
	VBROADCASTSS thetaPower<>+8(SB), Z18
	VBROADCASTSS thetaPower<>+12(SB), Z19
	VBROADCASTSS thetaPower<>+16(SB), Z20
	VBROADCASTSS thetaPower<>+20(SB), Z21
	VBROADCASTSS thetaPower<>+24(SB), Z22
	VBROADCASTSS thetaPower<>+28(SB), Z23
	VBROADCASTSS thetaPower<>+32(SB), Z24
	VBROADCASTSS 64(R15), Z25
	VBROADCASTSS 68(R15), Z26
	VBROADCASTSS 72(R15), Z27
	VPBROADCASTD 76(R15), Z28
	MOVL         $1, AX
	VPBROADCASTD AX, Z31
	XORL         R14, R14 // chains done, in 32

half:
	LEAQ   thetaFields(R15), R13
	VPXORQ Z0, Z0, Z0
	MOVQ   R10, CX

clear:
	VMOVDQU64 Z0, 0(R13)
	VMOVDQU64 Z0, 64(R13)
	ADDQ      $128, R13
	DECQ      CX
	JNE       clear
	MOVQ      32(R15), R11
	MOVL      0(R11), DX // patterns left
	ADDQ      $4, R11

pattern:
	VPXORQ  Z0, Z0, Z0
	VPXORQ  Z1, Z1, Z1
	MOVLQSX 4(R11), R12
	ADDQ    40(R15), R12
	MOVL    0(R11), BX // bits
	MOVL    BX, 80(R15)
	MOVL    8(R11), CX
	MOVL    12(R11), R13
	ADDQ    $16, R11
	TESTL   CX, CX
	JEQ     products

cat:
	MOVLQSX      0(R11), AX
	VPBROADCASTD 4(R11), Z4
	VPMOVZXBD    0(SI)(AX*1), Z2
	VPMOVZXBD    16(SI)(AX*1), Z3
	VPSLLVD      Z4, Z2, Z2
	VPSLLVD      Z4, Z3, Z3
	VPADDD       Z2, Z0, Z0
	VPADDD       Z3, Z1, Z1
	ADDQ         $8, R11
	DECL         CX
	JNE          cat

products:
	TESTL R13, R13
	JEQ   look

product:
	MOVL         0(R11), CX
	VPBROADCASTD 4(R11), Z4
	MOVLQSX      8(R11), AX
	MOVL         (DI)(AX*1), BX
	ADDQ         $12, R11
	DECL         CX
	JEQ          signed

spin:
	MOVLQSX 0(R11), AX
	XORL    (DI)(AX*1), BX
	NOTL    BX
	ADDQ    $4, R11
	DECL    CX
	JNE     spin

signed:
	KMOVD  BX, K1
	SHRL   $16, BX
	KMOVD  BX, K2
	VPADDD Z4, Z0, K1, Z0
	VPADDD Z4, Z1, K2, Z1
	DECL   R13
	JNE    product

look:
	LEAQ thetaFields(R15), R13
	MOVQ R10, AX
	MOVL 80(R15), CX
	CMPL CX, $5
	JEQ  five
	JGT  many

four:
	VMOVDQU64 (R12), Z4
	VPERMD    Z4, Z0, Z2
	VPERMD    Z4, Z1, Z3
	THETA_ADD(Z2, Z3)
	ADDQ      $64, R12
	DECQ      AX
	JNE       four
	JMP       looked

five:
	VMOVDQU64 0(R12), Z4
	VMOVDQU64 64(R12), Z5
	VMOVDQA64 Z0, Z2
	VMOVDQA64 Z1, Z3
	VPERMI2D  Z5, Z4, Z2
	VPERMI2D  Z5, Z4, Z3
	THETA_ADD(Z2, Z3)
	ADDQ      $128, R12
	DECQ      AX
	JNE       five
	JMP       looked

many:
	MOVL $4, BX
	SHLQ CX, BX // bytes of a table

one:
	KXNORW     K1, K1, K1
	KXNORW     K2, K2, K2
	VPXORD     Z2, Z2, Z2
	VPXORD     Z3, Z3, Z3
	VPGATHERDD (R12)(Z0*4), K1, Z2
	VPGATHERDD (R12)(Z1*4), K2, Z3
	THETA_ADD(Z2, Z3)
	ADDQ       BX, R12
	DECQ       AX
	JNE        one

looked:
	DECL DX
	JNE  pattern

	// The largest field.
	LEAQ      thetaFields(R15), R13
	VMOVDQU64 0(R13), Z0
	VMOVDQU64 64(R13), Z1
	MOVQ      R10, CX

top:
	VPMAXSD 0(R13), Z0, Z0
	VPMAXSD 64(R13), Z1, Z1
	ADDQ    $128, R13
	DECQ    CX
	JNE     top

	// Sums of powers in place of fields.
	LEAQ   thetaFields(R15), R13
	VXORPS Z2, Z2, Z2
	VXORPS Z3, Z3, Z3
	MOVQ   R10, CX

power:
	VPSUBD    0(R13), Z0, Z4
	VPSUBD    64(R13), Z1, Z5
	VCVTDQ2PS Z4, Z4
	VCVTDQ2PS Z5, Z5
	VMULPS    Z25, Z4, Z4
	VMULPS    Z25, Z5, Z5
	THETA_POWER(Z4, Z6, Z8)
	THETA_POWER(Z5, Z7, Z9)
	VADDPS    Z4, Z2, Z2
	VADDPS    Z5, Z3, Z3
	VMOVUPS   Z2, 0(R13)
	VMOVUPS   Z3, 64(R13)
	ADDQ      $128, R13
	DECQ      CX
	JNE       power

	// Limits from digits.
	VMOVDQU64 0(R9), Z4
	VMOVDQU64 64(R9), Z5
	MOVQ      56(R15), AX
	SHLQ      $4, AX
	VMOVQ     AX, X6
	VPSRLD    X6, Z4, Z4
	VPSRLD    X6, Z5, Z5
	VPANDD    Z28, Z4, Z4
	VPANDD    Z28, Z5, Z5
	VCVTDQ2PS Z4, Z4
	VCVTDQ2PS Z5, Z5
	VMULPS    Z24, Z4, Z4
	VMULPS    Z24, Z5, Z5
	VADDPS    Z27, Z4, Z6
	VADDPS    Z27, Z5, Z7
	VSUBPS    Z26, Z4, Z4
	VSUBPS    Z26, Z5, Z5
	VMULPS    Z2, Z4, Z4
	VMULPS    Z3, Z5, Z5
	VMULPS    Z2, Z6, Z6
	VMULPS    Z3, Z7, Z7

	// How many sums are below them.
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	KXORW  K3, K3, K3
	KXORW  K4, K4, K4
	LEAQ   thetaFields(R15), R13
	LEAQ   -1(R10), CX

thetaCount:
	THETA_COUNT(0, Z4, Z6, Z8, K3)
	THETA_COUNT(64, Z5, Z7, Z9, K4)
	ADDQ    $128, R13
	DECQ    CX
	JNE     thetaCount
	VPMOVDB Z8, 0(R8)
	VPMOVDB Z9, 16(R8)
	KMOVW   K3, AX
	KMOVW   K4, BX
	SHLL    $16, BX
	ORL     BX, AX
	TESTQ   R14, R14
	JNE     done
	MOVL    AX, R14
	BTSQ    $32, R14
	ADDQ    $32, SI
	ADDQ    $4, DI
	ADDQ    $32, R8
	ADDQ    $128, R9
	JMP     half

done:
	MOVL R14, 80(R15)
	MOVL AX, 84(R15)
	VZEROUPPER
	RET
