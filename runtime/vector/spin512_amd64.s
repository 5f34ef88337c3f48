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

DATA spinLast<>+0(SB)/8, $0x3f3f3f3f3f3f3f3f
GLOBL spinLast<>(SB), RODATA|NOPTR, $8

// Offsets in SpinScratch.
#define patterns 0
#define chosen 3072
#define open 3136
#define lanes 3200
#define rows 3840
#define values 4480
#define count 4608
#define ties 4672
#define fields 5696
#define digits 7744
#define tieFields 9792
#define scratchBytes 11840

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
#define SPIN_SUM(row, from, sum) \
	VGF2P8AFFINEQB $0, from, Z27, sum;           \
	VMOVDQU64      sum, patterns+64*row(R13);    \
	VPMOVB2M       sum, K1;                      \
	VPERMI2B       Z25, Z24, sum;                \
	VPADDB         Z26, sum, K1, sum

#define SPIN_ADD(row, from, sum) \
	SPIN_SUM(row, from, Z0); \
	VPADDSB Z0, sum, sum

// Chooses a row of lanes from its sums. A digit below the least threshold of the
// lane's cell is rare for certain, one above the largest is not; other lanes stay
// open and are listed.
#define SPIN_CHOOSE(row, sum) \
	VPMOVB2M            sum, K2;                      \
	VPABSB              sum, sum;                     \
	VGF2P8AFFINEQB.BCST $0, 128(R9), sum, sum;        \
	VPMINUB             Z28, sum, sum;                \
	VPERMB              Z24, sum, Z0;                 \
	VPERMB              Z25, sum, Z1;                 \
	VPCMPUB             $6, 64*row(R10), Z0, K1;      \
	VPCMPUB             $5, 64*row(R10), Z1, K3;      \
	KXNORQ              K1, K2, K4;                   \
	KANDNQ              K3, K1, K5;                   \
	KMOVQ               K4, chosen+8*row(SI);         \
	KMOVQ               K5, AX;                       \
	VPCOMPRESSB.Z       Z29, K5, Z2;                  \
	VMOVDQU64           spinRow<>+64*row(SB), Z3;     \
	MOVQ                AX, open+8*row(SI);           \
	POPCNTQ             AX, AX;                       \
	VMOVDQU64           Z2, lanes(SI)(CX*1);          \
	VMOVDQU64           Z3, rows(SI)(CX*1);           \
	ADDQ                AX, CX

// Puts the next values of the list, from bit DX on, into the open lanes of a row; up to
// 64 of them are in R13.
#define SPIN_CLOSE(row) \
	MOVQ    DX, AX;                     \
	SHRQ    $6, AX;                     \
	MOVQ    values+8(SI)(AX*8), BX;     \
	MOVQ    values+0(SI)(AX*8), AX;     \
	MOVQ    DX, CX;                     \
	SHRQ    CX, BX, AX;                 \
	MOVQ    open+8*row(SI), BX;         \
	PDEPQ   BX, AX, AX;                 \
	ANDNQ   chosen+8*row(SI), BX, R8;   \
	POPCNTQ BX, BX;                     \
	ORQ     AX, R8;                     \
	ADDQ    BX, DX;                     \
	MOVQ    R8, chosen+8*row(SI)

#define SPIN_CLOSE_FEW(row) \
	MOVQ    open+8*row(SI), BX;         \
	PDEPQ   BX, R13, AX;                \
	ANDNQ   chosen+8*row(SI), BX, R8;   \
	POPCNTQ BX, BX;                     \
	ORQ     AX, R8;                     \
	SHRXQ   BX, R13, R13;               \
	MOVQ    R8, chosen+8*row(SI)

// func SpinUpdate512(a *Spins)
TEXT ·SpinUpdate512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ $0, 80(R15)  // slot
	MOVQ $0, 112(R15) // ties

	// First what 8 bits decide, of all four nodes.
	MOVQ         0(R15), DI // state
	MOVQ         72(R15), SI // scratch
	VMOVDQU64    spinColumn<>(SB), Z27
	VPBROADCASTQ spinLast<>(SB), Z28
	VMOVDQU64    spinLane<>(SB), Z29

bounds:
	MOVQ  80(R15), AX
	MOVQ  16(R15)(AX*8), R11 // node
	TESTQ R11, R11
	JEQ   skip
	MOVLQSX 44(R11), AX
	MOVL    48(R11), BX
	ADDQ    R11, AX

ahead:
	PREFETCHT0 (AX)
	ADDQ       $64, AX
	DECL       BX
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
	XORL      CX, CX
	SPIN_CHOOSE(0, Z16)
	SPIN_CHOOSE(1, Z17)
	SPIN_CHOOSE(2, Z18)
	SPIN_CHOOSE(3, Z19)
	SPIN_CHOOSE(4, Z20)
	SPIN_CHOOSE(5, Z21)
	SPIN_CHOOSE(6, Z22)
	SPIN_CHOOSE(7, Z23)
	MOVQ      CX, count(SI)

skip:
	ADDQ $scratchBytes, SI
	MOVQ 80(R15), AX
	INCQ AX
	MOVQ AX, 80(R15)
	CMPQ AX, $4
	JNE  bounds

	// Then the fields of the open lanes, 8 at a time.
	MOVQ         $0, 80(R15)
	MOVQ         72(R15), SI
	VMOVDQU64    spinWord<>(SB), Z26
	VPBROADCASTD 120(R15), Y27 // bits of a digit that are not its high byte

openLanes:
	MOVQ  80(R15), AX
	MOVQ  16(R15)(AX*8), R11
	TESTQ R11, R11
	JEQ   summed
	MOVQ  count(SI), CX
	TESTQ CX, CX
	JEQ   summed
	MOVQ  AX, BX
	SHRQ  $1, BX
	SHLQ  $8, BX
	ANDQ  $1, AX
	ADDQ  64(R15), BX
	LEAQ  (BX)(AX*2), R10 // the slot's half of the words
	CMPL  124(R15), $0
	JEQ   halves
	MOVQ  80(R15), AX
	SHLQ  $9, AX
	ADDQ  64(R15), AX
	LEAQ  4096(AX), R10   // the slot's bytes

halves:
	MOVLQSX 12(R11), R14
	MOVL  0(R11), AX
	SHLQ  $7, AX
	ADDQ  R11, R14
	ADDQ  AX, R14         // exact tables
	XORL  BX, BX

exact:
	VMOVQ      lanes(SI)(BX*1), X0
	VPMOVZXBD  rows(SI)(BX*1), Y4
	VPERMB     Z26, Z0, Z1
	VPMOVZXBD  X0, Y2
	VPMOVZXBD  X1, Y3
	VPSLLD     $6, Y4, Y5
	VPSLLD     $7, Y4, Y6
	VPADDD     Y2, Y5, Y5 // place in patterns
	VPADDD     Y3, Y6, Y6 // place in words
	VPXORD     Y7, Y7, Y7
	KXNORW     K1, K1, K1
	VPXORD     Y10, Y10, Y10
	CMPL       124(R15), $0
	JNE        bytes
	VPGATHERDD (R10)(Y6*4), K1, Y10

drawn:
	MOVQ       SI, R13
	MOVQ       R14, R12
	MOVL       0(R11), R8
	CMPL       24(R11), $0
	JNE        addWide

add:
	KXNORW     K1, K1, K1
	VPXORD     Y8, Y8, Y8
	VPGATHERDD patterns(R13)(Y5*1), K1, Y8
	VPERMD     0(R12), Z8, Z9
	VPSRLD     $4, Y8, Y8
	VPADDD     Y9, Y7, Y7
	VPERMD     64(R12), Z8, Z9
	VPADDD     Y9, Y7, Y7
	ADDQ       $512, R13
	ADDQ       $128, R12
	DECL       R8
	JNE        add

added:
	VMOVDQU   Y7, fields(SI)(BX*4)
	VMOVDQU   Y10, digits(SI)(BX*4)
	ADDQ      $8, BX
	CMPQ      BX, CX
	JLT       exact

summed:
	ADDQ $scratchBytes, SI
	MOVQ 80(R15), AX
	INCQ AX
	MOVQ AX, 80(R15)
	CMPQ AX, $4
	JNE  openLanes

	// Then their thresholds: now that so many fields are on their way, none is waited for.
	MOVQ         $0, 80(R15)
	MOVQ         72(R15), SI
	MOVQ         56(R15), R9  // lines
	MOVQ         128(R15), R10
	VPBROADCASTD 88(R15), Y20 // segments
	VPBROADCASTD 92(R15), Y21 // S
	VPBROADCASTD 96(R15), Y22
	VPBROADCASTD 100(R15), Y23
	VPBROADCASTD 104(R15), Y24
	VPBROADCASTD 108(R15), Y25
	VPBROADCASTD 124(R15), Y26 // 8 where digits have 8 bits
	MOVL         $0x80000000, AX
	VPBROADCASTD AX, Y19
	MOVL         $0xff0000, AX
	VPBROADCASTD AX, Y18

limits:
	MOVQ  80(R15), AX
	MOVQ  16(R15)(AX*8), R11
	TESTQ R11, R11
	JEQ   closed
	MOVQ  count(SI), CX
	TESTQ CX, CX
	JEQ   closed
	SHLL  $9, AX
	ORL   136(R15), AX
	VPBROADCASTD AX, Y17 // slot and quad of a tie
	XORL  BX, BX
	XORL  DX, DX
	XORL  DI, DI // the first 64 values

limit:
	VMOVDQU64  fields(SI)(BX*4), Y7
	VMOVDQU64  digits(SI)(BX*4), Y10
	VPABSD     Y7, Y1
	VPMOVD2M   Y7, K2
	VPSRLVD    Y21, Y1, Y2
	VPSLLVD    Y22, Y1, Y3
	VPMINUD    Y20, Y2, Y2
	VPSRLVD    Y23, Y3, Y3
	KXNORW     K1, K1, K1
	VPXORD     Y4, Y4, Y4
	VPGATHERDD 0(R9)(Y2*8), K1, Y4
	KXNORW     K1, K1, K1
	VPXORD     Y8, Y8, Y8
	VPGATHERDD 4(R9)(Y2*8), K1, Y8
	VPSLLD     $16, Y3, Y3
	VPSRLD     $16, Y3, Y3
	VPMULLD    Y8, Y3, Y3
	VPSLLVD    Y27, Y10, Y10
	VPSRLD     $4, Y3, Y3
	VPSRLVD    Y27, Y10, Y10 // digit
	VPSUBD     Y3, Y4, Y4
	VPSRLD     $16, Y4, Y4
	VPADDD     Y24, Y4, Y4
	VPANDD     Y25, Y4, Y4   // threshold
	VPSRLVD    Y26, Y4, Y5
	VPCMPUD    $1, Y5, Y10, K1
	VPCMPEQD   Y5, Y10, K3
	KXNORW     K1, K2, K4
	TESTQ      R10, R10
	JNE        list
	KMOVW      K3, AX
	TESTL      AX, AX
	JNE        tied

next:
	KMOVB  K4, R13
	MOVQ   BX, R8
	SHRQ   $3, R8
	MOVB   R13, values(SI)(R8*1)
	SHLXQ  BX, R13, R8
	ADDQ   $8, BX
	ORQ    R8, DI
	CMPQ   BX, CX
	JLT    limit
	MOVQ   DI, R13
	CMPQ   CX, $64
	JLE    few
	SPIN_CLOSE(0)
	SPIN_CLOSE(1)
	SPIN_CLOSE(2)
	SPIN_CLOSE(3)
	SPIN_CLOSE(4)
	SPIN_CLOSE(5)
	SPIN_CLOSE(6)
	SPIN_CLOSE(7)
	JMP    closed

few:
	SPIN_CLOSE_FEW(0)
	SPIN_CLOSE_FEW(1)
	SPIN_CLOSE_FEW(2)
	SPIN_CLOSE_FEW(3)
	SPIN_CLOSE_FEW(4)
	SPIN_CLOSE_FEW(5)
	SPIN_CLOSE_FEW(6)
	SPIN_CLOSE_FEW(7)

closed:
	ADDQ $scratchBytes, SI
	MOVQ 80(R15), AX
	INCQ AX
	MOVQ AX, 80(R15)
	CMPQ AX, $4
	JNE  limits
	MOVQ R10, AX
	SUBQ 128(R15), AX
	SHRQ $2, AX
	MOVQ AX, 144(R15) // ties listed

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
	VPERMB    chosen(SI), Z0, Z1
	VMOVDQU64 Z1, (DI)(AX*1)

written:
	ADDQ $scratchBytes, SI
	INCQ DX
	CMPQ DX, $4
	JNE  write
	VZEROUPPER
	RET

bytes:
	VPGATHERDD (R10)(Y5*1), K1, Y10
	JMP        drawn

	// Lists the lanes whose bytes are those of their thresholds at R10, as SpinTies says.
list:
	VPMOVZXBD     rows(SI)(BX*1), Y12
	VPMOVZXBD     lanes(SI)(BX*1), Y13
	MOVQ          CX, R8
	SUBQ          BX, R8
	MOVL          $8, AX
	CMPQ          R8, AX
	CMOVQGT       AX, R8
	KMOVW         K3, AX
	BZHIL         R8, AX, AX
	KMOVW         AX, K3
	VPSLLD        $6, Y12, Y12
	VPTERNLOGD    $0xfe, Y13, Y17, Y12
	VPSLLD        $16, Y4, Y4
	VPTERNLOGD    $0xf8, Y18, Y4, Y12
	VPTERNLOGD    $0xf8, Y19, Y7, Y12
	VPCOMPRESSD.Z Y12, K3, Y12
	POPCNTL       AX, AX
	VMOVDQU32     Y12, (R10)
	LEAQ          (R10)(AX*4), R10
	JMP           next

	// Sums of more neighbours at a time, from the patterns of all in 32 bits: of 16 fine
	// parts of sums for each four, or of whole sums.
addWide:
	VPXORD       Y11, Y11, Y11
	VPXORD       Y12, Y12, Y12
	MOVL         $8, AX
	VPBROADCASTD AX, Y13
	VPBROADCASTD 24(R11), Y14
	VPTERNLOGD   $0xff, Y15, Y15, Y15
	VPSRLD       $24, Y15, Y15

pattern:
	KXNORW     K1, K1, K1
	VPXORD     Y8, Y8, Y8
	VPGATHERDD patterns(R13)(Y5*1), K1, Y8
	VPANDD     Y15, Y8, Y8
	VPSLLVD    Y12, Y8, Y8
	VPADDD     Y13, Y12, Y12
	VPORD      Y8, Y11, Y11
	ADDQ       $512, R13
	DECL       R8
	JNE        pattern
	MOVL       28(R11), R8
	VPTERNLOGD $0xff, Y15, Y15, Y15
	VPSLLVD    Y14, Y15, Y15 // all but the bits of one sum

	VPANDD.BCST 40(R11), Y11, Y11
	CMPL       52(R11), $0
	JEQ        whole
	VPBROADCASTD 52(R11), Y12

fine:
	VPANDND Y11, Y15, Y8
	VPSRLVD Y14, Y11, Y11
	VPERMD  0(R12), Z8, Z9
	VPSRLD  $4, Y8, Y8
	VPERMD  64(R12), Z8, Z8
	VPADDD  Y8, Y9, Y9
	VPSRAVD Y12, Y9, Y9
	VPADDD  Y9, Y7, Y7
	ADDQ    $128, R12
	DECL    R8
	JNE     fine
	JMP     added

whole:
	MOVLQSX    32(R11), AX
	CMPL       36(R11), $0
	JNE        short

part:
	KXNORW     K1, K1, K1
	VPANDND    Y11, Y15, Y8
	VPSRLVD    Y14, Y11, Y11
	VPXORD     Y9, Y9, Y9
	VPGATHERDD (R12)(Y8*4), K1, Y9
	VPADDD     Y9, Y7, Y7
	ADDQ       AX, R12
	DECL       R8
	JNE        part
	JMP        added

short:
	KXNORW     K1, K1, K1
	VPANDND    Y11, Y15, Y8
	VPSRLVD    Y14, Y11, Y11
	VPXORD     Y9, Y9, Y9
	VPGATHERDD (R12)(Y8*2), K1, Y9
	VPSLLD     $16, Y9, Y9
	VPSRAD     $16, Y9, Y9
	VPADDD     Y9, Y7, Y7
	ADDQ       AX, R12
	DECL       R8
	JNE        short
	JMP        added

	// Lists the lanes of the list from BX on whose bits are set in AX, with their slot
	// above; all in the first node's scratch.
tied:
	TZCNTL  AX, R8
	ADDQ    BX, R8
	CMPQ    R8, CX
	JGE     next
	MOVBLZX lanes(SI)(R8*1), R12
	MOVBLZX rows(SI)(R8*1), R8
	SHLL    $6, R8
	ORL     R8, R12
	MOVQ    80(R15), R8
	SHLL    $9, R8
	ORL     R8, R12
	MOVQ    112(R15), R8
	MOVQ    72(R15), R13
	MOVW    R12, ties(R13)(R8*2)
	TZCNTL  AX, R12
	ADDQ    BX, R12
	MOVL    fields(SI)(R12*4), R12
	MOVL    R12, tieFields(R13)(R8*4)
	INCQ    112(R15)
	LEAL    -1(AX), R8
	ANDL    R8, AX
	JNE     tied
	JMP     next
