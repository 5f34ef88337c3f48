//go:build !purego

#include "textflag.h"

// The spin kernel: one node in 512 chains. A row of state is 64 bytes, one bit a chain.
// The bits of eight neighbours are transposed into one index a chain; lane b of row z
// is chain 8·(16·(b/16) + 2z + b/8 mod 2) + b mod 8.

// Bits 0 to 7: what the matrix of eight neighbours is multiplied with.
DATA spinColumn<>+0(SB)/8, $0x8040201008040201
DATA spinColumn<>+8(SB)/8, $0x8040201008040201
DATA spinColumn<>+16(SB)/8, $0x8040201008040201
DATA spinColumn<>+24(SB)/8, $0x8040201008040201
DATA spinColumn<>+32(SB)/8, $0x8040201008040201
DATA spinColumn<>+40(SB)/8, $0x8040201008040201
DATA spinColumn<>+48(SB)/8, $0x8040201008040201
DATA spinColumn<>+56(SB)/8, $0x8040201008040201
GLOBL spinColumn<>(SB), RODATA|NOPTR, $64

// From bits in lanes to bits in the order of chains.
DATA spinBack<>+0(SB)/8, $0x1918111009080100
DATA spinBack<>+8(SB)/8, $0x3938313029282120
DATA spinBack<>+16(SB)/8, $0x1b1a13120b0a0302
DATA spinBack<>+24(SB)/8, $0x3b3a33322b2a2322
DATA spinBack<>+32(SB)/8, $0x1d1c15140d0c0504
DATA spinBack<>+40(SB)/8, $0x3d3c35342d2c2524
DATA spinBack<>+48(SB)/8, $0x1f1e17160f0e0706
DATA spinBack<>+56(SB)/8, $0x3f3e37362f2e2726
GLOBL spinBack<>(SB), RODATA|NOPTR, $64

// The place of a lane in the words of its row, in 32 bits.
DATA spinWord<>+0(SB)/8, $0x1312111003020100
DATA spinWord<>+8(SB)/8, $0x3332313023222120
DATA spinWord<>+16(SB)/8, $0x1716151407060504
DATA spinWord<>+24(SB)/8, $0x3736353427262524
DATA spinWord<>+32(SB)/8, $0x1b1a19180b0a0908
DATA spinWord<>+40(SB)/8, $0x3b3a39382b2a2928
DATA spinWord<>+48(SB)/8, $0x1f1e1d1c0f0e0d0c
DATA spinWord<>+56(SB)/8, $0x3f3e3d3c2f2e2d2c
GLOBL spinWord<>(SB), RODATA|NOPTR, $64

// Lanes.
DATA spinLane<>+0(SB)/8, $0x0706050403020100
DATA spinLane<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA spinLane<>+16(SB)/8, $0x1716151413121110
DATA spinLane<>+24(SB)/8, $0x1f1e1d1c1b1a1918
DATA spinLane<>+32(SB)/8, $0x2726252423222120
DATA spinLane<>+40(SB)/8, $0x2f2e2d2c2b2a2928
DATA spinLane<>+48(SB)/8, $0x3736353433323130
DATA spinLane<>+56(SB)/8, $0x3f3e3d3c3b3a3938
GLOBL spinLane<>(SB), RODATA|NOPTR, $64

// Rows, one in 64 bytes.
DATA spinRow<>+0(SB)/8, $0x0000000000000000
DATA spinRow<>+8(SB)/8, $0x0000000000000000
DATA spinRow<>+16(SB)/8, $0x0000000000000000
DATA spinRow<>+24(SB)/8, $0x0000000000000000
DATA spinRow<>+32(SB)/8, $0x0000000000000000
DATA spinRow<>+40(SB)/8, $0x0000000000000000
DATA spinRow<>+48(SB)/8, $0x0000000000000000
DATA spinRow<>+56(SB)/8, $0x0000000000000000
DATA spinRow<>+64(SB)/8, $0x0101010101010101
DATA spinRow<>+72(SB)/8, $0x0101010101010101
DATA spinRow<>+80(SB)/8, $0x0101010101010101
DATA spinRow<>+88(SB)/8, $0x0101010101010101
DATA spinRow<>+96(SB)/8, $0x0101010101010101
DATA spinRow<>+104(SB)/8, $0x0101010101010101
DATA spinRow<>+112(SB)/8, $0x0101010101010101
DATA spinRow<>+120(SB)/8, $0x0101010101010101
DATA spinRow<>+128(SB)/8, $0x0202020202020202
DATA spinRow<>+136(SB)/8, $0x0202020202020202
DATA spinRow<>+144(SB)/8, $0x0202020202020202
DATA spinRow<>+152(SB)/8, $0x0202020202020202
DATA spinRow<>+160(SB)/8, $0x0202020202020202
DATA spinRow<>+168(SB)/8, $0x0202020202020202
DATA spinRow<>+176(SB)/8, $0x0202020202020202
DATA spinRow<>+184(SB)/8, $0x0202020202020202
DATA spinRow<>+192(SB)/8, $0x0303030303030303
DATA spinRow<>+200(SB)/8, $0x0303030303030303
DATA spinRow<>+208(SB)/8, $0x0303030303030303
DATA spinRow<>+216(SB)/8, $0x0303030303030303
DATA spinRow<>+224(SB)/8, $0x0303030303030303
DATA spinRow<>+232(SB)/8, $0x0303030303030303
DATA spinRow<>+240(SB)/8, $0x0303030303030303
DATA spinRow<>+248(SB)/8, $0x0303030303030303
DATA spinRow<>+256(SB)/8, $0x0404040404040404
DATA spinRow<>+264(SB)/8, $0x0404040404040404
DATA spinRow<>+272(SB)/8, $0x0404040404040404
DATA spinRow<>+280(SB)/8, $0x0404040404040404
DATA spinRow<>+288(SB)/8, $0x0404040404040404
DATA spinRow<>+296(SB)/8, $0x0404040404040404
DATA spinRow<>+304(SB)/8, $0x0404040404040404
DATA spinRow<>+312(SB)/8, $0x0404040404040404
DATA spinRow<>+320(SB)/8, $0x0505050505050505
DATA spinRow<>+328(SB)/8, $0x0505050505050505
DATA spinRow<>+336(SB)/8, $0x0505050505050505
DATA spinRow<>+344(SB)/8, $0x0505050505050505
DATA spinRow<>+352(SB)/8, $0x0505050505050505
DATA spinRow<>+360(SB)/8, $0x0505050505050505
DATA spinRow<>+368(SB)/8, $0x0505050505050505
DATA spinRow<>+376(SB)/8, $0x0505050505050505
DATA spinRow<>+384(SB)/8, $0x0606060606060606
DATA spinRow<>+392(SB)/8, $0x0606060606060606
DATA spinRow<>+400(SB)/8, $0x0606060606060606
DATA spinRow<>+408(SB)/8, $0x0606060606060606
DATA spinRow<>+416(SB)/8, $0x0606060606060606
DATA spinRow<>+424(SB)/8, $0x0606060606060606
DATA spinRow<>+432(SB)/8, $0x0606060606060606
DATA spinRow<>+440(SB)/8, $0x0606060606060606
DATA spinRow<>+448(SB)/8, $0x0707070707070707
DATA spinRow<>+456(SB)/8, $0x0707070707070707
DATA spinRow<>+464(SB)/8, $0x0707070707070707
DATA spinRow<>+472(SB)/8, $0x0707070707070707
DATA spinRow<>+480(SB)/8, $0x0707070707070707
DATA spinRow<>+488(SB)/8, $0x0707070707070707
DATA spinRow<>+496(SB)/8, $0x0707070707070707
DATA spinRow<>+504(SB)/8, $0x0707070707070707
GLOBL spinRow<>(SB), RODATA|NOPTR, $512

// The first and the second numbers of 16 pairs.
DATA spinEven<>+0(SB)/8, $0x0e0c0a0806040200
DATA spinEven<>+8(SB)/8, $0x1e1c1a1816141210
GLOBL spinEven<>(SB), RODATA|NOPTR, $16

DATA spinOdd<>+0(SB)/8, $0x0f0d0b0907050301
DATA spinOdd<>+8(SB)/8, $0x1f1d1b1917151311
GLOBL spinOdd<>(SB), RODATA|NOPTR, $16

DATA spinLast<>+0(SB)/8, $0x3f3f3f3f3f3f3f3f
GLOBL spinLast<>(SB), RODATA|NOPTR, $8

// Offsets in SpinScratch: what each node has, and behind these what they share.
#define patterns 0
#define likely 3072
#define open 3136
#define listFrom 3200
#define listTo 3208
#define negative 3264
#define decided 3328
#define nodeBytes 3392
#define lanes 13568
#define rows 15680
#define values 17792
#define ties 18112
#define tieFields 19136
#define fields 21184
#define places 29440
#define digits 37696

// Eight rows of neighbours at the offsets in R12, the first one last, to Z8 … Z15:
// bytes, then pairs, then fours are interleaved.
#define SPIN_GATHER \
	MOVLQSX    28(R12), AX;             \
	MOVLQSX    24(R12), BX;             \
	VMOVDQU64  (DI)(AX*1), Z0;          \
	VMOVDQU64  (DI)(BX*1), Z1;          \
	MOVLQSX    20(R12), AX;             \
	MOVLQSX    16(R12), BX;             \
	VMOVDQU64  (DI)(AX*1), Z2;          \
	VMOVDQU64  (DI)(BX*1), Z3;          \
	MOVLQSX    12(R12), AX;             \
	MOVLQSX    8(R12), BX;              \
	VMOVDQU64  (DI)(AX*1), Z4;          \
	VMOVDQU64  (DI)(BX*1), Z5;          \
	MOVLQSX    4(R12), AX;              \
	MOVLQSX    0(R12), BX;              \
	VMOVDQU64  (DI)(AX*1), Z6;          \
	VMOVDQU64  (DI)(BX*1), Z7;          \
	VPUNPCKLBW Z1, Z0, Z8;              \
	VPUNPCKHBW Z1, Z0, Z9;              \
	VPUNPCKLBW Z3, Z2, Z10;             \
	VPUNPCKHBW Z3, Z2, Z11;             \
	VPUNPCKLBW Z5, Z4, Z12;             \
	VPUNPCKHBW Z5, Z4, Z13;             \
	VPUNPCKLBW Z7, Z6, Z14;             \
	VPUNPCKHBW Z7, Z6, Z15;             \
	VPUNPCKLWD Z10, Z8, Z0;             \
	VPUNPCKHWD Z10, Z8, Z1;             \
	VPUNPCKLWD Z11, Z9, Z2;             \
	VPUNPCKHWD Z11, Z9, Z3;             \
	VPUNPCKLWD Z14, Z12, Z4;            \
	VPUNPCKHWD Z14, Z12, Z5;            \
	VPUNPCKLWD Z15, Z13, Z6;            \
	VPUNPCKHWD Z15, Z13, Z7;            \
	VPUNPCKLDQ Z4, Z0, Z8;              \
	VPUNPCKHDQ Z4, Z0, Z9;              \
	VPUNPCKLDQ Z5, Z1, Z10;             \
	VPUNPCKHDQ Z5, Z1, Z11;             \
	VPUNPCKLDQ Z6, Z2, Z12;             \
	VPUNPCKHDQ Z6, Z2, Z13;             \
	VPUNPCKLDQ Z7, Z3, Z14;             \
	VPUNPCKHDQ Z7, Z3, Z15

// The patterns of a row in lanes, kept for the exact part, and their partial sum: a
// table of seven neighbours, and the eighth one's weight where it is +1.
#define SPIN_SEVEN(row, from, sum) \
	VGF2P8AFFINEQB $0, from, Z27, sum;           \
	VMOVDQU64      sum, patterns+64*row(R13);    \
	VPERMI2B       Z25, Z24, sum

#define SPIN_SUM(row, from, sum) \
	VGF2P8AFFINEQB $0, from, Z27, sum;           \
	VMOVDQU64      sum, patterns+64*row(R13);    \
	VPMOVB2M       sum, K1;                      \
	VPERMI2B       Z25, Z24, sum;                \
	VPADDB         Z26, sum, K1, sum

#define SPIN_ADD_SEVEN(row, from, sum) \
	SPIN_SEVEN(row, from, Z0); \
	VPADDSB Z0, sum, sum

#define SPIN_ADD(row, from, sum) \
	SPIN_SUM(row, from, Z0); \
	VPADDSB Z0, sum, sum

// Chooses a row of lanes from its sums. A digit below the least threshold of the
// lane's cell is rare for certain, one above the largest is not; other lanes stay
// open and are listed, at R8.
#define SPIN_CHOOSE(row, sum, more, listed) \
	VPMOVB2M            sum, K2;                      \
	VPABSB              sum, sum;                     \
	VGF2P8AFFINEQB.BCST $0, 128(R9), sum, sum;        \
	VPMINUB             Z28, sum, sum;                \
	VPERMB              Z24, sum, Z0;                 \
	VPERMB              Z25, sum, Z1;                 \
	VPCMPUB             $2, 64*row(R10), Z0, K1;      \
	VPCMPUB             $5, 64*row(R10), Z1, K1, K5;  \
	KMOVQ               K2, negative+8*row(SI);       \
	KMOVQ               K1, likely+8*row(SI);         \
	KMOVQ               K5, open+8*row(SI);           \
	VPCOMPRESSB.Z       Z29, K5, Z2;                  \
	VMOVDQU             spinRow<>+64*row(SB), X3;     \
	VMOVDQU             X2, lanes(R8)(CX*1);          \
	VMOVDQU             X3, rows(R8)(CX*1);           \
	POPCNTQ             open+8*row(SI), AX;           \
	CMPQ                AX, $16;                      \
	JGT                 more;                         \
listed:                                                   \
	ADDQ                AX, CX

// The same for more than 16 open lanes.
#define SPIN_MORE(row, more, listed) \
more:                                             \
	VMOVDQU64 spinRow<>+64*row(SB), Z3; \
	VMOVDQU64 Z2, lanes(R8)(CX*1);      \
	VMOVDQU64 Z3, rows(R8)(CX*1);       \
	JMP       listed

// Puts the next values of the list, from bit DX on, in the places of the open lanes of a
// row of the node at SI; up to 64 of them are in R13, others at DI.
#define SPIN_CLOSE(row) \
	MOVQ    DX, AX;                     \
	SHRQ    $6, AX;                     \
	MOVQ    values+8(DI)(AX*8), BX;     \
	MOVQ    values+0(DI)(AX*8), AX;     \
	MOVQ    DX, CX;                     \
	SHRQ    CX, BX, AX;                 \
	PDEPQ   open+8*row(SI), AX, AX;     \
	POPCNTQ open+8*row(SI), BX;         \
	ADDQ    BX, DX;                     \
	MOVQ    AX, decided+8*row(SI)

#define SPIN_CLOSE_FEW(row) \
	PDEPQ   open+8*row(SI), R13, AX;    \
	POPCNTQ open+8*row(SI), BX;         \
	SHRXQ   BX, R13, R13;               \
	MOVQ    AX, decided+8*row(SI)

// func SpinUpdate512(a *Spins)
TEXT ·SpinUpdate512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ $0, 80(R15)  // slot
	MOVQ $0, 112(R15) // ties
	MOVQ $0, 144(R15) // ties listed

	// First what 8 bits decide, of all four nodes.
	MOVQ         0(R15), DI // state
	MOVQ         72(R15), SI // scratch
	VMOVDQU64    spinColumn<>(SB), Z27
	VPBROADCASTQ spinLast<>(SB), Z28
	VMOVDQU64    spinLane<>(SB), Z29
	XORL         CX, CX // lanes listed

bounds:
	MOVQ  80(R15), AX
	MOVQ  16(R15)(AX*8), R11 // node
	TESTQ R11, R11
	JEQ   skip
	MOVLQSX 44(R11), AX
	MOVL    48(R11), BX
	ADDQ    R11, AX

ahead:
	PREFETCHT0 0(AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	PREFETCHT0 192(AX)
	ADDQ       $256, AX
	SUBL       $4, BX
	JGT        ahead
	MOVL  0(R11), R8 // groups
	MOVLQSX 12(R11), R14
	ADDQ  R11, R14      // tables
	LEAQ  64(R11), R12  // neighbours
	LEAQ  16(R11), DX   // eighth weights
	MOVQ  SI, R13       // patterns

	VMOVDQU64    0(R14), Z24
	VMOVDQU64    64(R14), Z25
	VPBROADCASTB (DX), Z26
	SPIN_GATHER
	CMPB         (DX), $0
	JEQ          firstSeven
	SPIN_SUM(0, Z8, Z16)
	SPIN_SUM(1, Z9, Z17)
	SPIN_SUM(2, Z10, Z18)
	SPIN_SUM(3, Z11, Z19)
	SPIN_SUM(4, Z12, Z20)
	SPIN_SUM(5, Z13, Z21)
	SPIN_SUM(6, Z14, Z22)
	SPIN_SUM(7, Z15, Z23)

group:
	DECL R8
	JEQ  choose
	ADDQ $128, R14
	ADDQ $32, R12
	INCQ DX
	ADDQ $512, R13

	VMOVDQU64    0(R14), Z24
	VMOVDQU64    64(R14), Z25
	VPBROADCASTB (DX), Z26
	SPIN_GATHER
	CMPB (DX), $0
	JEQ  seven
	SPIN_ADD(0, Z8, Z16)
	SPIN_ADD(1, Z9, Z17)
	SPIN_ADD(2, Z10, Z18)
	SPIN_ADD(3, Z11, Z19)
	SPIN_ADD(4, Z12, Z20)
	SPIN_ADD(5, Z13, Z21)
	SPIN_ADD(6, Z14, Z22)
	SPIN_ADD(7, Z15, Z23)
	JMP  group

choose:
	MOVQ      80(R15), AX
	MOVQ      64(R15), R10 // noise
	SHLQ      $9, AX
	LEAQ      4096(R10)(AX*1), R10
	MOVLQSX   8(R11), R9
	ADDQ      48(R15), R9 // cells
	VMOVDQU64 0(R9), Z24
	VMOVDQU64 64(R9), Z25
	MOVQ      72(R15), R8
	MOVQ      CX, listFrom(SI)
	SPIN_CHOOSE(0, Z16, more0, listed0)
	SPIN_CHOOSE(1, Z17, more1, listed1)
	SPIN_CHOOSE(2, Z18, more2, listed2)
	SPIN_CHOOSE(3, Z19, more3, listed3)
	SPIN_CHOOSE(4, Z20, more4, listed4)
	SPIN_CHOOSE(5, Z21, more5, listed5)
	SPIN_CHOOSE(6, Z22, more6, listed6)
	SPIN_CHOOSE(7, Z23, more7, listed7)
	MOVQ      CX, listTo(SI)

skip:
	ADDQ $nodeBytes, SI
	MOVQ 80(R15), AX
	INCQ AX
	MOVQ AX, 80(R15)
	CMPQ AX, $4
	JNE  bounds

	// Then the fields of the open lanes, 16 at a time: those of a node are seldom more.
	MOVQ      72(R15), DI
	TESTQ     CX, CX
	JEQ       closed
	MOVQ      CX, DX
	MOVQ      $0, 80(R15)
	MOVQ      DI, SI
	VMOVDQU64 spinWord<>(SB), Z26

openLanes:
	MOVQ  80(R15), AX
	MOVQ  16(R15)(AX*8), R11
	TESTQ R11, R11
	JEQ   summed
	MOVQ  listFrom(SI), BX
	MOVQ  listTo(SI), CX
	CMPQ  BX, CX
	JEQ   summed
	MOVL  AX, R8
	SHLL  $9, R8
	VPBROADCASTD R8, Z27
	MOVQ  AX, R8
	SHRQ  $1, R8
	SHLQ  $8, R8
	ANDQ  $1, AX
	ADDQ  64(R15), R8
	LEAQ  (R8)(AX*2), R10 // the slot's half of the words
	MOVLQSX 12(R11), R14
	MOVL  0(R11), AX
	SHLQ  $7, AX
	ADDQ  R11, R14
	ADDQ  AX, R14         // exact tables

exact:
	VMOVDQU    lanes(DI)(BX*1), X0
	VPMOVZXBD  rows(DI)(BX*1), Z4
	VPMOVZXBD  X0, Z2
	VPSLLD     $6, Z4, Z5
	VPXORD     Z7, Z7, Z7
	VPORD      Z2, Z5, Z5   // place in patterns
	VPORD      Z27, Z5, Z6
	VMOVDQU64  Z6, places(DI)(BX*4)
	CMPL       124(R15), $0
	JEQ        halves

drawn:
	MOVQ       SI, R13
	MOVQ       R14, R12
	MOVL       0(R11), R8
	CMPL       24(R11), $0
	JNE        addWide

add:
	KXNORW     K1, K1, K1
	VPXORD     Z8, Z8, Z8
	VPGATHERDD patterns(R13)(Z5*1), K1, Z8
	VPERMD     0(R12), Z8, Z9
	VPSRLD     $4, Z8, Z8
	VPADDD     Z9, Z7, Z7
	VPERMD     64(R12), Z8, Z9
	VPADDD     Z9, Z7, Z7
	ADDQ       $512, R13
	ADDQ       $128, R12
	DECL       R8
	JNE        add

added:
	VMOVDQU64 Z7, fields(DI)(BX*4)
	ADDQ      $16, BX
	CMPQ      BX, CX
	JLT       exact

summed:
	ADDQ $nodeBytes, SI
	MOVQ 80(R15), AX
	INCQ AX
	MOVQ AX, 80(R15)
	CMPQ AX, $4
	JNE  openLanes

	// Then the thresholds of all nodes' lanes.
	MOVQ         DX, CX
	MOVQ         56(R15), R9  // lines
	MOVQ         64(R15), R11 // noise
	MOVQ         128(R15), R10
	VPMOVZXBD    spinEven<>(SB), Z16
	VPMOVZXBD    spinOdd<>(SB), Z15
	VPBROADCASTD 136(R15), Z17 // quad of a tie
	VPBROADCASTD 88(R15), Z20 // segments
	VPBROADCASTD 92(R15), Z21 // S
	VPBROADCASTD 96(R15), Z22
	VPBROADCASTD 100(R15), Z23
	VPBROADCASTD 104(R15), Z24
	VPBROADCASTD 108(R15), Z25
	VPBROADCASTD 124(R15), Z26 // 8 where digits have 8 bits
	VPBROADCASTD 120(R15), Z27 // bits of a digit that are not its high byte
	MOVL         $0x80000000, AX
	VPBROADCASTD AX, Z19
	MOVL         $0xff0000, AX
	VPBROADCASTD AX, Z18
	XORL         BX, BX
	XORL         R14, R14 // the first 64 values

limit:
	VMOVDQU64  fields(DI)(BX*4), Z7
	VMOVDQU64  places(DI)(BX*4), Z12
	VPABSD     Z7, Z1
	VPSRLVD    Z21, Z1, Z2
	VPSLLVD    Z22, Z1, Z3
	VPMINUD    Z20, Z2, Z2
	VEXTRACTI64X4 $1, Z2, Y6
	KXNORW     K1, K1, K1
	VPXORD     Z4, Z4, Z4
	VPGATHERDQ 0(R9)(Y2*8), K1, Z4
	KXNORW     K1, K1, K1
	VPXORD     Z5, Z5, Z5
	VPGATHERDQ 0(R9)(Y6*8), K1, Z5
	CMPL       124(R15), $0
	JEQ        drawnHalves
	KXNORW     K1, K1, K1
	VPXORD     Z10, Z10, Z10
	VPGATHERDD 4096(R11)(Z12*1), K1, Z10

drawnAll:
	VPMOVD2M   Z7, K2
	VPSRLVD    Z23, Z3, Z3
	VMOVDQA64  Z15, Z8
	VPERMI2D   Z5, Z4, Z8    // D
	VPERMT2D   Z5, Z16, Z4   // A
	VPSLLD     $16, Z3, Z3
	VPSRLD     $16, Z3, Z3
	VPMULLD    Z8, Z3, Z3
	VPSLLVD    Z27, Z10, Z10
	VPSRLD     $4, Z3, Z3
	VPSRLVD    Z27, Z10, Z10 // digit
	VPSUBD     Z3, Z4, Z4
	VPSRLD     $16, Z4, Z4
	VPADDD     Z24, Z4, Z4
	VPANDD     Z25, Z4, Z4   // threshold
	VPSRLVD    Z26, Z4, Z5
	VPCMPUD    $1, Z5, Z10, K1
	VPCMPEQD   Z5, Z10, K3
	KXNORW     K1, K2, K4
	TESTQ      R10, R10
	JNE        list
	KMOVW      K3, AX
	TESTL      AX, AX
	JNE        tied

next:
	KMOVW  K4, AX
	MOVQ   BX, R8
	SHRQ   $3, R8
	MOVW   AX, values(DI)(R8*1)
	SHLXQ  BX, AX, R8
	ADDQ   $16, BX
	ORQ    R8, R14
	CMPQ   BX, CX
	JLT    limit

	MOVQ R14, R13
	MOVQ CX, R14
	MOVQ R10, AX
	SUBQ 128(R15), AX
	SHRQ $2, AX
	MOVQ AX, 144(R15)
	MOVQ DI, SI
	XORL R12, R12
	XORL DX, DX

close:
	MOVQ 16(R15)(R12*8), R11
	TESTQ R11, R11
	JEQ  shut
	CMPQ R14, $64
	JGT  many
	SPIN_CLOSE_FEW(0)
	SPIN_CLOSE_FEW(1)
	SPIN_CLOSE_FEW(2)
	SPIN_CLOSE_FEW(3)
	SPIN_CLOSE_FEW(4)
	SPIN_CLOSE_FEW(5)
	SPIN_CLOSE_FEW(6)
	SPIN_CLOSE_FEW(7)

shut:
	ADDQ $nodeBytes, SI
	INCQ R12
	CMPQ R12, $4
	JNE  close

closed:
	// Then all are written.
	MOVQ      8(R15), DI
	MOVQ      72(R15), SI
	VMOVDQU64 spinBack<>(SB), Z0
	XORL      DX, DX

write:
	MOVQ      16(R15)(DX*8), R11
	TESTQ     R11, R11
	JEQ       written
	MOVLQSX   4(R11), AX
	VMOVDQU64  likely(SI), Z1
	VMOVDQU64  open(SI), Z2
	VPXORQ     negative(SI), Z1, Z1
	VPTERNLOGQ $0xb8, decided(SI), Z2, Z1 // what was open as it was decided
	VPERMB     Z1, Z0, Z1
	VMOVDQU64  Z1, (DI)(AX*1)

written:
	ADDQ $nodeBytes, SI
	INCQ DX
	CMPQ DX, $4
	JNE  write
	VZEROUPPER
	RET

	// Groups without an eighth neighbour.
firstSeven:
	SPIN_SEVEN(0, Z8, Z16)
	SPIN_SEVEN(1, Z9, Z17)
	SPIN_SEVEN(2, Z10, Z18)
	SPIN_SEVEN(3, Z11, Z19)
	SPIN_SEVEN(4, Z12, Z20)
	SPIN_SEVEN(5, Z13, Z21)
	SPIN_SEVEN(6, Z14, Z22)
	SPIN_SEVEN(7, Z15, Z23)
	JMP group

seven:
	SPIN_ADD_SEVEN(0, Z8, Z16)
	SPIN_ADD_SEVEN(1, Z9, Z17)
	SPIN_ADD_SEVEN(2, Z10, Z18)
	SPIN_ADD_SEVEN(3, Z11, Z19)
	SPIN_ADD_SEVEN(4, Z12, Z20)
	SPIN_ADD_SEVEN(5, Z13, Z21)
	SPIN_ADD_SEVEN(6, Z14, Z22)
	SPIN_ADD_SEVEN(7, Z15, Z23)
	JMP group


	SPIN_MORE(0, more0, listed0)
	SPIN_MORE(1, more1, listed1)
	SPIN_MORE(2, more2, listed2)
	SPIN_MORE(3, more3, listed3)
	SPIN_MORE(4, more4, listed4)
	SPIN_MORE(5, more5, listed5)
	SPIN_MORE(6, more6, listed6)
	SPIN_MORE(7, more7, listed7)

many:
	SPIN_CLOSE(0)
	SPIN_CLOSE(1)
	SPIN_CLOSE(2)
	SPIN_CLOSE(3)
	SPIN_CLOSE(4)
	SPIN_CLOSE(5)
	SPIN_CLOSE(6)
	SPIN_CLOSE(7)
	JMP shut

	// First digits of 16 bits.
halves:
	VPERMB     Z26, Z0, Z1
	VPMOVZXBD  X1, Z3
	VPSLLD     $7, Z4, Z6
	VPADDD     Z3, Z6, Z6 // place in words
	KXNORW     K1, K1, K1
	VPXORD     Z10, Z10, Z10
	VPGATHERDD (R10)(Z6*4), K1, Z10
	VMOVDQU64  Z10, digits(DI)(BX*4)
	JMP        drawn

drawnHalves:
	VMOVDQU64 digits(DI)(BX*4), Z10
	JMP       drawnAll

	// Lists the lanes whose bytes are those of their thresholds at R10, and their fields,
	// as SpinTies says.
list:
	MOVQ          CX, R8
	SUBQ          BX, R8
	MOVL          $16, AX
	CMPQ          R8, AX
	CMOVQGT       AX, R8
	KMOVW         K3, AX
	BZHIL         R8, AX, AX
	KMOVW         AX, K3
	VPORD         Z17, Z12, Z12
	VPSLLD        $16, Z4, Z4
	VPTERNLOGD    $0xf8, Z18, Z4, Z12
	VPTERNLOGD    $0xf8, Z19, Z7, Z12
	VPCOMPRESSD.Z Z12, K3, Z12
	VPCOMPRESSD.Z Z7, K3, Z13
	POPCNTL       AX, AX
	VMOVDQU32     Z12, (R10)
	VMOVDQU32     Z13, 18432(R10)
	LEAQ          (R10)(AX*4), R10
	JMP           next

	// Sums of more neighbours at a time, from the patterns of all in 32 bits: of 16 fine
	// parts of sums for each four, or of whole sums. The pattern of group k is read so that
	// it comes as byte k.
addWide:
	VPXORD       Z11, Z11, Z11
	VPBROADCASTD 24(R11), Z14
	MOVQ         $0x1111111111111111, AX
	KMOVQ        AX, K2

pattern:
	KXNORW     K1, K1, K1
	VPXORD     Z8, Z8, Z8
	VPGATHERDD patterns(R13)(Z5*1), K1, Z8
	VMOVDQU8   Z8, K2, Z11
	KADDQ      K2, K2, K2
	ADDQ       $511, R13
	DECL       R8
	JNE        pattern
	MOVL       28(R11), R8
	CMPL       52(R11), $0
	JEQ        whole
	VPBROADCASTD 52(R11), Z12

fine:
	VPERMD  0(R12), Z11, Z9
	VPSRLD  $4, Z11, Z8
	VPERMD  64(R12), Z8, Z8
	VPADDD  Z8, Z9, Z9
	VPSRAVD Z12, Z9, Z9
	VPADDD  Z9, Z7, Z7
	VPSRLVD Z14, Z11, Z11
	ADDQ    $128, R12
	DECL    R8
	JNE     fine
	JMP     added

whole:
	VPTERNLOGD  $0xff, Z15, Z15, Z15
	VPSLLVD     Z14, Z15, Z15 // all but the bits of one sum
	VPANDD.BCST 40(R11), Z11, Z11
	MOVLQSX     32(R11), AX
	CMPL       36(R11), $0
	JNE        short

part:
	KXNORW     K1, K1, K1
	VPANDND    Z11, Z15, Z8
	VPSRLVD    Z14, Z11, Z11
	VPXORD     Z9, Z9, Z9
	VPGATHERDD (R12)(Z8*4), K1, Z9
	VPADDD     Z9, Z7, Z7
	ADDQ       AX, R12
	DECL       R8
	JNE        part
	JMP        added

short:
	KXNORW     K1, K1, K1
	VPANDND    Z11, Z15, Z8
	VPSRLVD    Z14, Z11, Z11
	VPXORD     Z9, Z9, Z9
	VPGATHERDD (R12)(Z8*2), K1, Z9
	VPSLLD     $16, Z9, Z9
	VPSRAD     $16, Z9, Z9
	VPADDD     Z9, Z7, Z7
	ADDQ       AX, R12
	DECL       R8
	JNE        short
	JMP        added

	// Lists the lanes of the list from BX on whose bits are set in AX.
tied:
	TZCNTL AX, R8
	ADDQ   BX, R8
	CMPQ   R8, CX
	JGE    next
	MOVL   places(DI)(R8*4), R12
	MOVL   fields(DI)(R8*4), R13
	MOVQ   112(R15), R8
	MOVW   R12, ties(DI)(R8*2)
	MOVL   R13, tieFields(DI)(R8*4)
	INCQ   112(R15)
	LEAL   -1(AX), R8
	ANDL   R8, AX
	JNE    tied
	JMP    next
