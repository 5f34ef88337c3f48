//go:build !purego

#include "textflag.h"

// The slot kernel, see slots.go. Words of neighbours of 16 slots are gathered once for
// the 32 chains that they hold; the scratch for them stands before the other arguments.

#define slotWords -4096

// Dwords 0, 4, 8 and 12 of two registers, and places for them in four.
DATA slotEven<>+0(SB)/8, $0x0000000400000000
DATA slotEven<>+8(SB)/8, $0x0000000c00000008
DATA slotEven<>+16(SB)/8, $0x0000001400000010
DATA slotEven<>+24(SB)/8, $0x0000001c00000018
DATA slotEven<>+32(SB)/8, $0x0000000400000000
DATA slotEven<>+40(SB)/8, $0x0000000c00000008
DATA slotEven<>+48(SB)/8, $0x0000001400000010
DATA slotEven<>+56(SB)/8, $0x0000001c00000018
GLOBL slotEven<>(SB), RODATA|NOPTR, $64

DATA slotSpread<>+0(SB)/8, $0x0000000000000000
DATA slotSpread<>+8(SB)/8, $0x0000000000000000
DATA slotSpread<>+16(SB)/8, $0x0000000100000001
DATA slotSpread<>+24(SB)/8, $0x0000000100000001
DATA slotSpread<>+32(SB)/8, $0x0000000200000002
DATA slotSpread<>+40(SB)/8, $0x0000000200000002
DATA slotSpread<>+48(SB)/8, $0x0000000300000003
DATA slotSpread<>+56(SB)/8, $0x0000000300000003
GLOBL slotSpread<>(SB), RODATA|NOPTR, $64

// 0, 2, 4 … 30.
DATA slotTwo<>+0(SB)/8, $0x0000000200000000
DATA slotTwo<>+8(SB)/8, $0x0000000600000004
DATA slotTwo<>+16(SB)/8, $0x0000000a00000008
DATA slotTwo<>+24(SB)/8, $0x0000000e0000000c
DATA slotTwo<>+32(SB)/8, $0x0000001200000010
DATA slotTwo<>+40(SB)/8, $0x0000001600000014
DATA slotTwo<>+48(SB)/8, $0x0000001a00000018
DATA slotTwo<>+56(SB)/8, $0x0000001e0000001c
GLOBL slotTwo<>(SB), RODATA|NOPTR, $64

// Writes the values in Z31 of a group: of slots in K0, whose rows are in Z15, or every other one
// from that in X14 on.
#define SLOT_WRITE(scatter, done) \
	KMOVW       K0, AX;                   \
	VMOVQ       X14, CX;                  \
	TESTQ       CX, CX;                   \
	JLT         scatter;                  \
	CMPL        AX, $0xffff;              \
	JNE         scatter;                  \
	LEAQ        (SI)(CX*8), CX;           \
	VPERMD      Z31, Z24, Z1;             \
	VPERMD      Z31, Z25, Z2;             \
	VPERMD      Z31, Z26, Z3;             \
	VPERMD      Z31, Z27, Z4;             \
	VMOVDQU32   Z1, K7, 0(CX);            \
	VMOVDQU32   Z2, K7, 64(CX);           \
	VMOVDQU32   Z3, K7, 128(CX);          \
	VMOVDQU32   Z4, K7, 192(CX);          \
	JMP         done;                     \
scatter:                                          \
	KMOVW       AX, K1;                   \
	VPSCATTERDD Z31, K1, (SI)(Z15*8);     \
done:

// func SpinSlots512(a *Slots)
TEXT ·SpinSlots512(SB), NOSPLIT, $0-8
	MOVQ         a+0(FP), R14
	ADDQ         $4096, R14
	MOVQ         0(R14), DI   // state
	MOVQ         8(R14), SI   // out
	ADDQ         48(R14), DI
	ADDQ         48(R14), SI
	MOVQ         16(R14), R11 // 16 slots
	MOVQ         24(R14), R9  // cells
	MOVQ         32(R14), R10 // digits
	MOVQ         40(R14), R13 // live
	MOVQ         56(R14), R8  // groups left
	LEAQ         80(R14), DX  // open
	VPBROADCASTD 72(R14), Z20 // centre
	VPBROADCASTD 76(R14), Z21 // shift
	MOVL         $1, AX
	VPBROADCASTD AX, Z22
	MOVL         $0xffff, AX
	VPBROADCASTD AX, Z23
	MOVL         $4, AX
	VPBROADCASTD AX, Z19
	VMOVDQU64    slotSpread<>(SB), Z24
	VPADDD       Z19, Z24, Z25
	VPADDD       Z19, Z25, Z26
	VPADDD       Z19, Z26, Z27
	VMOVDQU64    slotEven<>(SB), Z28
	VMOVDQU64    slotTwo<>(SB), Z29
	MOVL         $0x1111, AX
	KMOVW        AX, K7
	KXORW        K0, K0, K0 // nothing is to be written

group:
	MOVL      0(R11), CX
	LEAQ      75(R11)(CX*4), R12 // first rows
	ANDQ      $-64, R12
	VPBROADCASTD 8(R11), Z30
	VPADDD    Z29, Z30, Z30      // rows of the slots
	CMPL      8(R11), $0
	JGE       own
	VMOVDQU64 (R12), Z30
	ADDQ      $64, R12

own:
	CMPQ      64(R14), $1
	JEQ       one
	LEAQ      slotWords(R14), BX
	LEAQ      12(R11), R15
	TESTL     CX, CX
	JEQ       gathered

gather:
	MOVLQSX      (R15), AX
	ADDQ         $4, R15
	TESTQ        AX, AX
	JLT          rows
	LEAQ         (DI)(AX*8), AX
	VMOVDQU64    0(AX), Z1
	VMOVDQU64    128(AX), Z2
	VPERMT2D     64(AX), Z28, Z1
	VPERMT2D     192(AX), Z28, Z2
	VINSERTI64X4 $1, Y2, Z1, Z1
	VMOVDQU64    Z1, (BX)
	ADDQ         $64, BX
	DECL         CX
	JNE          gather
	JMP          gathered

rows:
	VMOVDQU64  (R12), Z1
	KXNORW     K1, K1, K1
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*8), K1, Z2
	VMOVDQU64  Z2, (BX)
	ADDQ       $64, R12
	ADDQ       $64, BX
	DECL       CX
	JNE        gather

gathered:
	SLOT_WRITE(scatter, free)
	MOVL      4(R11), R12
	ADDQ      R11, R12 // sums
	VMOVDQU64 (R12), Z16
	VMOVDQA64 Z22, Z18     // the chain's bit
	VPXORD    Z17, Z17, Z17 // what is written
	MOVQ      64(R14), AX   // chains left
	MOVQ      R10, R15

chain:
	VMOVDQA64 Z16, Z0 // field
	MOVL      0(R11), CX
	LEAQ      64(R12), BX
	TESTL     CX, CX
	JEQ       choose
	LEAQ      slotWords(R14), DI

add:
	VPTESTMD (DI), Z18, K1
	VPADDD   (BX), Z0, K1, Z0
	ADDQ     $64, DI
	ADDQ     $64, BX
	DECL     CX
	JNE      add

choose:
	VPADDD     Z20, Z0, Z1
	VPSRLVD    Z21, Z1, Z1
	KXNORW     K2, K2, K2
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (R9)(Z1*8), K2, Z2
	VPMOVZXWD  (R15), Z3
	VPANDD     Z23, Z2, Z4
	VPSRLD     $16, Z2, Z2
	VPSUBD     Z4, Z3, Z5
	VPCMPUD    $1, Z4, Z3, K3 // the less likely value
	VPCMPUD    $1, Z2, Z5, K4 // open
	VPMOVD2M   Z0, K5
	KXNORW     K3, K5, K6
	VPORD      Z18, Z17, K6, Z17
	VPADDD     Z18, Z18, Z18
	KMOVW      K4, (DX)
	ADDQ       $2, DX
	ADDQ       $256, R15
	DECQ       AX
	JNE        chain

written:
	// What is written waits for the next group's loads, which would else wait for it: they
	// read what lies between its rows.
	MOVWLZX   (R13), AX
	MOVLQSX   8(R11), CX
	VMOVDQA64 Z17, Z31
	VMOVDQA64 Z30, Z15
	KMOVW     AX, K0
	VMOVQ     CX, X14

	MOVL 0(R11), CX
	SHLQ $6, CX
	LEAQ 64(R12)(CX*1), R11
	MOVQ 0(R14), DI
	ADDQ 48(R14), DI
	MOVQ 64(R14), AX
	NEGQ AX
	LEAQ 64(DX)(AX*2), DX
	ADDQ $2, R13
	ADDQ $32, R10
	DECQ R8
	JNE  group
	SLOT_WRITE(scatterLast, done)
	VZEROUPPER
	RET

	// One chain: words are used where they are gathered.
one:
	MOVL      4(R11), BX
	LEAQ      12(R11), R15
	ADDQ      R11, BX
	VMOVDQU64 (BX), Z0
	TESTL     CX, CX
	JEQ       oneSum

oneInput:
	MOVLQSX      (R15), AX
	ADDQ         $4, R15
	ADDQ         $64, BX
	TESTQ        AX, AX
	JLT          oneRows
	LEAQ         (DI)(AX*8), AX
	VMOVDQU64    0(AX), Z1
	VMOVDQU64    128(AX), Z2
	VPERMT2D     64(AX), Z28, Z1
	VPERMT2D     192(AX), Z28, Z2
	VINSERTI64X4 $1, Y2, Z1, Z1
	VPTESTMD     Z22, Z1, K1
	VPADDD       (BX), Z0, K1, Z0
	DECL         CX
	JNE          oneInput
	JMP          oneSum

oneRows:
	VMOVDQU64  (R12), Z1
	KXNORW     K1, K1, K1
	VPXORD     Z2, Z2, Z2
	VPGATHERDD (DI)(Z1*8), K1, Z2
	ADDQ       $64, R12
	VPTESTMD   Z22, Z2, K1
	VPADDD     (BX), Z0, K1, Z0
	DECL       CX
	JNE        oneInput

oneSum:
	SLOT_WRITE(scatterOne, freeOne)
	MOVL        4(R11), R12
	VPADDD      Z20, Z0, Z1
	VPSRLVD     Z21, Z1, Z1
	KXNORW      K2, K2, K2
	VPXORD      Z2, Z2, Z2
	VPGATHERDD  (R9)(Z1*8), K2, Z2
	VPMOVZXWD   (R10), Z3
	ADDQ        R11, R12
	VPANDD      Z23, Z2, Z4
	VPSRLD      $16, Z2, Z2
	VPSUBD      Z4, Z3, Z5
	VPCMPUD     $1, Z4, Z3, K3
	VPCMPUD     $1, Z2, Z5, K4
	VPMOVD2M    Z0, K5
	KXNORW      K3, K5, K6
	VMOVDQA32.Z Z22, K6, Z17
	KMOVW       K4, (DX)
	ADDQ        $2, DX
	JMP         written
