//go:build !purego

#include "textflag.h"

// Low halves of 32 bits twice, and high ones.
DATA catHalf<>+0(SB)/8, $0x0504050401000100
DATA catHalf<>+8(SB)/8, $0x0d0c0d0c09080908
DATA catHalf<>+16(SB)/8, $0x0706070603020302
DATA catHalf<>+24(SB)/8, $0x0f0e0f0e0b0a0b0a
GLOBL catHalf<>(SB), RODATA|NOPTR, $32

// Compares the digits in u with two limits in t: n counts those below, ties are marked.
#define CAT_COMPARE(t, u, n, ties) \
	VPCMPUW  $6, t, u, K1;     \
	VPADDW   Z31, n, K1, n;    \
	VPCMPEQW t, u, K1;         \
	KORD     K1, ties, ties

// Two numbers each of the patterns in x.
#define CAT_GATHER(x, k, to) \
	KXNORW     k, k, k;          \
	VPXORD     to, to, to;       \
	VPGATHERDQ (R12)(x*8), k, to

// Pairs of chains, every other one first: so pairs of numbers gathered by halves come apart in
// their order.
DATA catPairs<>+0(SB)/8, $0
DATA catPairs<>+8(SB)/8, $2
DATA catPairs<>+16(SB)/8, $4
DATA catPairs<>+24(SB)/8, $6
DATA catPairs<>+32(SB)/8, $1
DATA catPairs<>+40(SB)/8, $3
DATA catPairs<>+48(SB)/8, $5
DATA catPairs<>+56(SB)/8, $7
GLOBL catPairs<>(SB), RODATA|NOPTR, $64

// The counts of 16 chains in n as bytes, and their ties as bits.
#define CAT_WRITE(at, n, ties, to) \
	VPSRLD $16, n, Z0;    \
	VPADDD Z0, n, n;      \
	VPMOVDB n, at(R8);    \
	KMOVD  ties, to;      \
	MOVL   to, BX;        \
	SHRL   $1, BX;        \
	ORL    BX, to;        \
	PEXTL  R13, to, to

// func CatUpdate512(a *Cats)
TEXT ·CatUpdate512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 8(R15), DI
	MOVQ 16(R15), R8
	MOVQ 24(R15), R9
	MOVQ 64(R15), AX
	SHLQ $4, AX
	LEAQ catHalf<>(SB), BX
	VBROADCASTI32X4 (BX)(AX*1), Z30
	MOVL $1, AX
	VPBROADCASTW AX, Z31
	VMOVDQU64    catPairs<>(SB), Z29
	MOVL $0x55555555, R13
	XORL R10, R10
	XORL R14, R14 // chains done

half:
	// Patterns of 32 chains, 16 bits each.
	MOVQ  40(R15), R11
	MOVL  0(R11), CX
	MOVL  4(R11), DX
	ADDQ  $8, R11
	VPXORQ Z0, Z0, Z0
	TESTL CX, CX
	JEQ   spins

cat:
	MOVLQSX      0(R11), AX
	VPBROADCASTW 4(R11), Z2
	VPMOVZXBW    (SI)(AX*1), Z1
	VPMULLW      Z2, Z1, Z1
	VPADDW       Z1, Z0, Z0
	ADDQ         $8, R11
	DECL         CX
	JNE          cat

spins:
	TESTL DX, DX
	JEQ   patterns

spin:
	MOVLQSX      0(R11), AX
	VPBROADCASTW 4(R11), Z2
	KMOVD        (DI)(AX*1), K1
	VPADDW       Z2, Z0, K1, Z0
	ADDQ         $8, R11
	DECL         DX
	JNE          spin

patterns:
	VPMOVZXWD     Y0, Z4
	VEXTRACTI64X4 $1, Z0, Y1
	VPMOVZXWD     Y1, Z5
	VMOVDQU64     0(R9), Z6
	VMOVDQU64     64(R9), Z7
	VPSHUFB       Z30, Z6, Z6
	VPSHUFB       Z30, Z7, Z7
	VPXORQ        Z8, Z8, Z8
	VPXORQ        Z9, Z9, Z9
	KXORD         K3, K3, K3
	KXORD         K4, K4, K4
	MOVQ          32(R15), R12
	MOVQ          56(R15), CX
	SUBQ          $2, CX
	JLT           last
	VPERMQ        Z4, Z29, Z12
	VPERMQ        Z5, Z29, Z14
	VEXTRACTI64X4 $1, Z12, Y13
	VEXTRACTI64X4 $1, Z14, Y15

pair:
	CAT_GATHER(Y12, K1, Z16)
	CAT_GATHER(Y13, K2, Z17)
	CAT_GATHER(Y14, K5, Z18)
	CAT_GATHER(Y15, K6, Z19)
	VSHUFPS $0x88, Z17, Z16, Z10
	VSHUFPS $0xdd, Z17, Z16, Z11
	VSHUFPS $0x88, Z19, Z18, Z20
	VSHUFPS $0xdd, Z19, Z18, Z21
	CAT_COMPARE(Z10, Z6, Z8, K3)
	CAT_COMPARE(Z11, Z6, Z8, K3)
	CAT_COMPARE(Z20, Z7, Z9, K4)
	CAT_COMPARE(Z21, Z7, Z9, K4)
	ADDQ    48(R15), R12
	ADDQ    48(R15), R12
	SUBQ    $2, CX
	JGE     pair

last:
	CMPQ       CX, $-1
	JNE        counted
	KXNORW     K1, K1, K1
	KXNORW     K2, K2, K2
	VPXORD     Z10, Z10, Z10
	VPXORD     Z11, Z11, Z11
	VPGATHERDD (R12)(Z4*4), K1, Z10
	VPGATHERDD (R12)(Z5*4), K2, Z11
	CAT_COMPARE(Z10, Z6, Z8, K3)
	CAT_COMPARE(Z11, Z7, Z9, K4)

counted:
	CAT_WRITE(0, Z8, K3, AX)
	CAT_WRITE(16, Z9, K4, CX)
	SHLL  $16, CX
	ORL   CX, AX
	SHRQ  $32, R10
	SHLQ  $32, AX
	ORQ   AX, R10
	ADDQ  $32, SI
	ADDQ  $4, DI
	ADDQ  $32, R8
	ADDQ  $128, R9
	INCQ  R14
	CMPQ  R14, $2
	JNE   half
	MOVQ  R10, 72(R15) // at once, as it is read
	VZEROUPPER
	RET
