//go:build !purego

#include "textflag.h"

// A bit for each of eight chains.
DATA catChain<>+0(SB)/8, $0x0000000200000001
DATA catChain<>+8(SB)/8, $0x0000000800000004
DATA catChain<>+16(SB)/8, $0x0000002000000010
DATA catChain<>+24(SB)/8, $0x0000008000000040
GLOBL catChain<>(SB), RODATA|NOPTR, $32

// Counts the digits in Y6 above a limit in Y8, and marks those that equal it in Y9.
#define CAT_LIMIT(limit) \
	VPCMPGTD limit, Y6, Y5; \
	VPSUBD   Y5, Y8, Y8;    \
	VPCMPEQD limit, Y6, Y5; \
	VPOR     Y5, Y9, Y9

// Both limits of the numbers in Y2.
#define CAT_LIMITS \
	VPAND  Y14, Y2, Y3; \
	VPSRLD $16, Y2, Y4; \
	CAT_LIMIT(Y3);      \
	CAT_LIMIT(Y4)

// func CatUpdate256(a *Cats)
TEXT ·CatUpdate256(SB), NOSPLIT, $0-8
	MOVQ     a+0(FP), R15
	MOVQ     0(R15), SI
	MOVQ     8(R15), DI
	MOVQ     16(R15), R8
	MOVQ     24(R15), R9
	MOVQ     64(R15), AX
	SHLQ     $4, AX
	VMOVQ    AX, X15
	VMOVDQU  catChain<>(SB), Y13
	VPCMPEQD Y14, Y14, Y14
	VPSRLD   $16, Y14, Y14
	XORL     R14, R14 // chains done, in 8

eight:
	MOVQ  40(R15), R11
	MOVL  0(R11), CX
	MOVL  4(R11), DX
	ADDQ  $8, R11
	VPXOR Y0, Y0, Y0
	TESTL CX, CX
	JEQ   spins

cat:
	MOVLQSX      0(R11), AX
	VPBROADCASTD 4(R11), Y2
	VPMOVZXBD    (SI)(AX*1), Y1
	VPMULLD      Y2, Y1, Y1
	VPADDD       Y1, Y0, Y0
	ADDQ         $8, R11
	DECL         CX
	JNE          cat

spins:
	TESTL DX, DX
	JEQ   patterns

spin:
	MOVLQSX      0(R11), AX
	VPBROADCASTD 4(R11), Y2
	VPBROADCASTB (DI)(AX*1), Y1
	VPAND        Y13, Y1, Y1
	VPCMPEQD     Y13, Y1, Y1
	VPAND        Y2, Y1, Y1
	VPADDD       Y1, Y0, Y0
	ADDQ         $8, R11
	DECL         DX
	JNE          spin

patterns:
	VMOVDQU (R9), Y6
	VPSRLD  X15, Y6, Y6
	VPAND   Y14, Y6, Y6
	VPXOR   Y8, Y8, Y8
	VPXOR   Y9, Y9, Y9
	MOVQ    32(R15), R12
	MOVQ    56(R15), CX
	SUBQ    $2, CX
	JLT     last

pair:
	VPCMPEQD   Y1, Y1, Y1
	VPXOR      Y2, Y2, Y2
	VPGATHERDD Y1, 0(R12)(Y0*8), Y2
	CAT_LIMITS
	VPCMPEQD   Y1, Y1, Y1
	VPXOR      Y2, Y2, Y2
	VPGATHERDD Y1, 4(R12)(Y0*8), Y2
	CAT_LIMITS
	ADDQ       48(R15), R12
	ADDQ       48(R15), R12
	SUBQ       $2, CX
	JGE        pair

last:
	CMPQ       CX, $-1
	JNE        counted
	VPCMPEQD   Y1, Y1, Y1
	VPXOR      Y2, Y2, Y2
	VPGATHERDD Y1, (R12)(Y0*4), Y2
	CAT_LIMITS

counted:
	VEXTRACTI128 $1, Y8, X1
	VPACKUSDW    X1, X8, X8
	VPACKUSWB    X8, X8, X8
	VMOVQ        X8, (R8)
	VMOVMSKPS    Y9, AX
	MOVB         AX, 72(R15)(R14*1)
	ADDQ         $8, SI
	INCQ         DI
	ADDQ         $8, R8
	ADDQ         $32, R9
	INCQ         R14
	CMPQ         R14, $8
	JNE          eight
	VZEROUPPER
	RET
