//go:build !purego

#include "textflag.h"

// The kernel of fields in AVX2, eight chains at a time. See theta.go for what it reads.

// The polynomial of 2^x for |x| <= 1/2, its highest power first; the least exponent; 2^-16.
DATA thetaEight<>+0(SB)/4, $0x39218489
DATA thetaEight<>+4(SB)/4, $0x3aaec3ff
DATA thetaEight<>+8(SB)/4, $0x3c1d955b
DATA thetaEight<>+12(SB)/4, $0x3d635847
DATA thetaEight<>+16(SB)/4, $0x3e75fdf0
DATA thetaEight<>+20(SB)/4, $0x3f317218
DATA thetaEight<>+24(SB)/4, $0x3f800000
DATA thetaEight<>+28(SB)/4, $0xc2fa0000 // -125: powers and their exponents are normal numbers
DATA thetaEight<>+32(SB)/4, $0x37800000
GLOBL thetaEight<>(SB), RODATA|NOPTR, $36

// A bit for each of eight chains.
DATA thetaChain<>+0(SB)/8, $0x0000000200000001
DATA thetaChain<>+8(SB)/8, $0x0000000800000004
DATA thetaChain<>+16(SB)/8, $0x0000002000000010
DATA thetaChain<>+24(SB)/8, $0x0000008000000040
GLOBL thetaChain<>(SB), RODATA|NOPTR, $32

#define THETA_TERM(at, x, p) \
	VBROADCASTSS thetaEight<>+at(SB), Y8; \
	VFMADD213PS  Y8, x, p

// func ThetaUpdate256(a *Thetas)
TEXT ·ThetaUpdate256(SB), NOSPLIT, $8-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 8(R15), DI
	MOVQ 16(R15), R8
	MOVQ 24(R15), R9
	MOVQ 48(R15), R10
	VMOVDQU thetaChain<>(SB), Y15
	XORL R14, R14 // chains done, in 8

eight:
	LEAQ  88(R15), R13
	VPXOR Y0, Y0, Y0
	MOVQ  R10, CX

clear:
	VMOVDQU Y0, (R13)
	ADDQ    $32, R13
	DECQ    CX
	JNE     clear
	MOVQ    32(R15), R11
	MOVL    0(R11), DX // patterns left
	ADDQ    $4, R11

pattern:
	VPXOR   Y0, Y0, Y0
	MOVLQSX 4(R11), R12
	ADDQ    40(R15), R12
	MOVL    0(R11), BX
	MOVQ    BX, bits-8(SP)
	MOVL    8(R11), CX
	MOVL    12(R11), R13
	ADDQ    $16, R11
	TESTL   CX, CX
	JEQ     products

cat:
	MOVLQSX      0(R11), AX
	VPBROADCASTD 4(R11), Y4
	VPMOVZXBD    (SI)(AX*1), Y2
	VPSLLVD      Y4, Y2, Y2
	VPADDD       Y2, Y0, Y0
	ADDQ         $8, R11
	DECL         CX
	JNE          cat

products:
	TESTL R13, R13
	JEQ   look

product:
	MOVL         0(R11), CX
	VPBROADCASTD 4(R11), Y4
	MOVLQSX      8(R11), AX
	MOVBLZX      (DI)(AX*1), BX
	ADDQ         $12, R11
	DECL         CX
	JEQ          signed

spin:
	MOVLQSX 0(R11), AX
	XORB    (DI)(AX*1), BX
	NOTL    BX
	ADDQ    $4, R11
	DECL    CX
	JNE     spin

signed:
	VMOVD        BX, X1
	VPBROADCASTB X1, Y1
	VPAND        Y15, Y1, Y1
	VPCMPEQD     Y15, Y1, Y1
	VPAND        Y4, Y1, Y1
	VPADDD       Y1, Y0, Y0
	DECL         R13
	JNE          product

look:
	LEAQ 88(R15), R13
	MOVQ R10, AX
	MOVQ bits-8(SP), CX
	CMPL CX, $4
	JNE  many
	VPSLLD $28, Y0, Y3 // which half of a table

four:
	VPERMD    0(R12), Y0, Y4
	VPERMD    32(R12), Y0, Y5
	VBLENDVPS Y3, Y5, Y4, Y2
	VPADDD    (R13), Y2, Y2
	VMOVDQU   Y2, (R13)
	ADDQ      $32, R13
	ADDQ      $64, R12
	DECQ      AX
	JNE       four
	JMP       looked

many:
	MOVL $4, BX
	SHLQ CX, BX // bytes of a table

one:
	VPCMPEQD   Y1, Y1, Y1
	VPXOR      Y2, Y2, Y2
	VPGATHERDD Y1, (R12)(Y0*4), Y2
	VPADDD     (R13), Y2, Y2
	VMOVDQU    Y2, (R13)
	ADDQ       $32, R13
	ADDQ       BX, R12
	DECQ       AX
	JNE        one

looked:
	DECL DX
	JNE  pattern

	// The largest field.
	LEAQ    88(R15), R13
	VMOVDQU (R13), Y0
	MOVQ    R10, CX

top:
	VPMAXSD (R13), Y0, Y0
	ADDQ    $32, R13
	DECQ    CX
	JNE     top

	// Sums of powers in place of fields.
	LEAQ         88(R15), R13
	VXORPS       Y2, Y2, Y2
	VBROADCASTSS 64(R15), Y9
	VBROADCASTSS thetaEight<>+28(SB), Y10
	VBROADCASTSS thetaEight<>+0(SB), Y11
	MOVQ         R10, CX

power:
	VPSUBD      (R13), Y0, Y4
	VCVTDQ2PS   Y4, Y4
	VMULPS      Y9, Y4, Y4
	VMAXPS      Y10, Y4, Y4
	VROUNDPS    $0, Y4, Y5
	VSUBPS      Y5, Y4, Y4
	VCVTPS2DQ   Y5, Y5
	VPSLLD      $23, Y5, Y5
	VMOVAPS     Y11, Y6
	THETA_TERM(4, Y4, Y6)
	THETA_TERM(8, Y4, Y6)
	THETA_TERM(12, Y4, Y6)
	THETA_TERM(16, Y4, Y6)
	THETA_TERM(20, Y4, Y6)
	THETA_TERM(24, Y4, Y6)
	VPADDD      Y5, Y6, Y6
	VADDPS      Y6, Y2, Y2
	VMOVUPS     Y2, (R13)
	ADDQ        $32, R13
	DECQ        CX
	JNE         power

	// Limits from digits.
	VMOVDQU      (R9), Y4
	MOVQ         56(R15), AX
	SHLQ         $4, AX
	VMOVQ        AX, X6
	VPSRLD       X6, Y4, Y4
	VPBROADCASTD 76(R15), Y5
	VPAND        Y5, Y4, Y4
	VCVTDQ2PS    Y4, Y4
	VBROADCASTSS thetaEight<>+32(SB), Y5
	VMULPS       Y5, Y4, Y4
	VBROADCASTSS 72(R15), Y5
	VADDPS       Y5, Y4, Y6
	VBROADCASTSS 68(R15), Y5
	VSUBPS       Y5, Y4, Y4
	VMULPS       Y2, Y4, Y4
	VMULPS       Y2, Y6, Y6

	// How many sums are below them.
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	LEAQ  88(R15), R13
	LEAQ  -1(R10), CX

sum:
	VMOVUPS (R13), Y10
	VCMPPS  $1, Y4, Y10, Y1
	VCMPPS  $2, Y6, Y10, Y3
	VPSUBD  Y1, Y8, Y8
	VPANDN  Y3, Y1, Y3
	VPOR    Y3, Y9, Y9
	ADDQ    $32, R13
	DECQ    CX
	JNE     sum
	VEXTRACTI128 $1, Y8, X1
	VPACKUSDW    X1, X8, X8
	VPACKUSWB    X8, X8, X8
	VMOVQ        X8, (R8)
	VMOVMSKPS    Y9, AX
	MOVB         AX, 80(R15)(R14*1)
	ADDQ         $8, SI
	INCQ         DI
	ADDQ         $8, R8
	ADDQ         $32, R9
	INCQ         R14
	CMPQ         R14, $8
	JNE          eight
	VZEROUPPER
	RET
