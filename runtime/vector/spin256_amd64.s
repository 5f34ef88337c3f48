//go:build !purego

#include "textflag.h"

// The spin kernel in AVX2: one node in 256 chains at a time, see spinfours.go.

#define EVERY4(name, at, x) \
	DATA name<>+at+0(SB)/8, $x;  \
	DATA name<>+at+8(SB)/8, $x;  \
	DATA name<>+at+16(SB)/8, $x; \
	DATA name<>+at+24(SB)/8, $x

EVERY4(foursMasks, 0, 0x5555555555555555)
EVERY4(foursMasks, 32, 0x3333333333333333)
EVERY4(foursMasks, 64, 0x0f0f0f0f0f0f0f0f)
GLOBL foursMasks<>(SB), RODATA|NOPTR, $96

// The bit of each column in a byte.
EVERY4(foursBits, 0, 0x0101010101010101)
EVERY4(foursBits, 32, 0x0202020202020202)
EVERY4(foursBits, 64, 0x0404040404040404)
EVERY4(foursBits, 96, 0x0808080808080808)
EVERY4(foursBits, 128, 0x1010101010101010)
EVERY4(foursBits, 160, 0x2020202020202020)
EVERY4(foursBits, 192, 0x4040404040404040)
EVERY4(foursBits, 224, 0x8080808080808080)
GLOBL foursBits<>(SB), RODATA|NOPTR, $256

// Offsets in SpinFields.
#define foursPatterns 0
#define foursFields 3072
#define foursNode 3584

// Exchanges the bits of x under the mask above those of y under the mask.
#define FOURS_SWAP(n, mask, x, y, t) \
	VPSRLQ $n, x, t;   \
	VPXOR  y, t, t;    \
	VPAND  mask, t, t; \
	VPXOR  t, y, y;    \
	VPSLLQ $n, t, t;   \
	VPXOR  t, x, x

// Low and high nibbles of x to patterns of columns c and c+4.
#define FOURS_NIBBLES(x, c, t) \
	VPSRLQ  $4, x, t;                    \
	VPAND   Y15, x, x;                   \
	VPAND   Y15, t, t;                   \
	VMOVDQU x, foursPatterns+32*c(R8);        \
	VMOVDQU t, foursPatterns+32*c+128(R8)

// Adds the sums of a group, low bytes Y8 and high bytes Y9, to a column.
#define FOURS_ADD(c, a, b) \
	VMOVDQU    foursPatterns+32*c(R8), Y10; \
	VPSHUFB    Y10, Y8, Y11;           \
	VPSHUFB    Y10, Y9, Y12;           \
	VPUNPCKLBW Y12, Y11, Y13;          \
	VPUNPCKHBW Y12, Y11, Y14;          \
	VPADDW     Y13, a, a;              \
	VPADDW     Y14, b, b

// Numbers at a place of the curve by the segments in Y6.
#define FOURS_LOOK(at, a, b, t, u) \
	VBROADCASTI128 at(R9), t;     \
	VBROADCASTI128 at+64(R9), u;  \
	VPSHUFB        Y6, t, t;      \
	VPSHUFB        Y6, u, u;      \
	VPUNPCKLBW     u, t, a;       \
	VPUNPCKHBW     u, t, b

// func SpinUpdate256(a *Spins256)
TEXT ·SpinUpdate256(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DI            // state
	MOVQ 64(R15), SI           // scratch
	MOVQ 56(R15), R10          // digits
	XORL DX, DX                // node

node:
	MOVQ  16(R15)(DX*8), R11
	TESTQ R11, R11
	JEQ   next

	// The patterns of all groups.
	VMOVDQU foursMasks<>+0(SB), Y13
	VMOVDQU foursMasks<>+32(SB), Y14
	VMOVDQU foursMasks<>+64(SB), Y15
	MOVL    0(R11), CX
	LEAQ    16(R11), R12
	MOVQ    SI, R8

group:
	MOVLQSX 0(R12), AX
	MOVLQSX 4(R12), BX
	VMOVDQU (DI)(AX*1), Y0
	VMOVDQU (DI)(BX*1), Y1
	MOVLQSX 8(R12), AX
	MOVLQSX 12(R12), BX
	VMOVDQU (DI)(AX*1), Y2
	VMOVDQU (DI)(BX*1), Y3
	FOURS_SWAP(1, Y13, Y0, Y1, Y4)
	FOURS_SWAP(1, Y13, Y2, Y3, Y5)
	FOURS_SWAP(2, Y14, Y0, Y2, Y6)
	FOURS_SWAP(2, Y14, Y1, Y3, Y7)
	FOURS_NIBBLES(Y0, 0, Y4)
	FOURS_NIBBLES(Y1, 1, Y5)
	FOURS_NIBBLES(Y2, 2, Y6)
	FOURS_NIBBLES(Y3, 3, Y7)
	ADDQ    $48, R12
	ADDQ    $256, R8
	DECL    CX
	JNE     group

	// Their sums, four columns at a time.
	XORL BX, BX

four:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	MOVL  0(R11), CX
	LEAQ  16(R11), R12
	LEAQ  (SI)(BX*1), R8

sum:
	VBROADCASTI128 16(R12), Y8
	VBROADCASTI128 32(R12), Y9
	FOURS_ADD(0, Y0, Y1)
	FOURS_ADD(1, Y2, Y3)
	FOURS_ADD(2, Y4, Y5)
	FOURS_ADD(3, Y6, Y7)
	ADDQ    $48, R12
	ADDQ    $256, R8
	DECL    CX
	JNE     sum
	LEAQ    foursFields(SI)(BX*2), R8
	VMOVDQU Y0, 0(R8)
	VMOVDQU Y1, 32(R8)
	VMOVDQU Y2, 64(R8)
	VMOVDQU Y3, 96(R8)
	VMOVDQU Y4, 128(R8)
	VMOVDQU Y5, 160(R8)
	VMOVDQU Y6, 192(R8)
	VMOVDQU Y7, 224(R8)
	ADDQ    $128, BX
	CMPQ    BX, $256
	JNE     four

	// The choices, a column at a time.
	MOVLQSX 8(R11), R9
	ADDQ    48(R15), R9 // curve
	MOVWLZX 288(R9), R13
	XORL    $0xffff, R13 // bits that thresholds do not keep
	LEAQ    foursFields(SI), R8
	MOVQ    DX, R14
	SHLQ    $5, R14
	LEAQ    72(R15)(R14*1), R14 // open
	VPXOR   Y15, Y15, Y15       // bits that are not set
	VPXOR   Y14, Y14, Y14
	XORL    CX, CX

column:
	VPABSW     0(R8), Y0
	VPABSW     32(R8), Y1
	VMOVDQU    224(R9), Y2
	VPCMPGTW   Y2, Y0, Y12       // sure of the sign
	VPCMPGTW   Y2, Y1, Y13
	VMOVDQU    128(R9), Y3
	VMOVDQU    160(R9), Y4
	VMOVDQU    192(R9), Y5
	VPMINUW    Y3, Y0, Y0
	VPMINUW    Y3, Y1, Y1
	VPMULLW    Y4, Y0, Y0
	VPMULLW    Y4, Y1, Y1
	VPMULHUW   Y5, Y0, Y0
	VPMULHUW   Y5, Y1, Y1
	VPSRLW     $11, Y0, Y6
	VPSRLW     $11, Y1, Y7
	VPACKUSWB  Y7, Y6, Y6        // segment
	VPSLLW     $5, Y0, Y0        // f
	VPSLLW     $5, Y1, Y1
	FOURS_LOOK(32, Y2, Y3, Y4, Y5)
	FOURS_LOOK(16, Y7, Y8, Y4, Y5)
	FOURS_LOOK(0, Y9, Y10, Y4, Y5)
	VPMULHUW   Y0, Y2, Y2
	VPMULHUW   Y1, Y3, Y3
	VPSUBW     Y2, Y7, Y7
	VPSUBW     Y3, Y8, Y8
	VPMULHUW   Y0, Y7, Y7
	VPMULHUW   Y1, Y8, Y8
	FOURS_LOOK(48, Y2, Y3, Y4, Y5)
	VPSUBSW    Y7, Y9, Y9        // threshold
	VPSUBSW    Y8, Y10, Y10
	VMOVDQU    0(R10), Y4        // digits
	VMOVDQU    32(R10), Y5
	TESTL      R13, R13
	JNE        round
	VPSUBSW    Y9, Y4, Y0        // negative below
	VPSUBSW    Y10, Y5, Y1
	VPABSW     Y0, Y4
	VPABSW     Y1, Y5
	VPCMPGTW   Y2, Y4, Y4        // sure of the side
	VPCMPGTW   Y3, Y5, Y5

chosen:
	VPAND      Y12, Y4, Y4
	VPAND      Y13, Y5, Y5
	VPACKSSWB  Y5, Y4, Y4
	VPMOVMSKB  Y4, AX
	VPXOR      0(R8), Y0, Y0
	VPXOR      32(R8), Y1, Y1
	VPACKSSWB  Y1, Y0, Y0
	VPCMPGTB   Y0, Y14, Y0
	NOTL       AX
	LEAQ       foursBits<>(SB), BX
	VPAND      (BX)(CX*8), Y0, Y0
	VPOR       Y0, Y15, Y15
	MOVL       AX, (R14)(CX*1)
	ADDQ       $64, R8
	ADDQ       $64, R10
	ADDQ       $4, CX
	CMPQ       CX, $32
	JNE        column

	// below ^ (field < 0) are the bits that are not set.
	VPCMPEQB Y0, Y0, Y0
	VPXOR    Y0, Y15, Y15
	MOVQ     8(R15), BX
	MOVLQSX  4(R11), AX
	VMOVDQU  Y15, (BX)(AX*1)
	JMP      done

round:
	VPSUBSW  Y2, Y9, Y0   // at least
	VPSUBSW  Y3, Y10, Y1
	VPADDSW  Y2, Y9, Y2   // at most
	VPADDSW  Y3, Y10, Y3
	VMOVDQU  256(R9), Y7
	VMOVDQU  288(R9), Y8
	VPADDSW  Y7, Y0, Y0
	VPADDSW  Y7, Y1, Y1
	VPADDSW  Y7, Y2, Y2
	VPADDSW  Y7, Y3, Y3
	VPAND    Y8, Y0, Y0
	VPAND    Y8, Y1, Y1
	VPAND    Y8, Y2, Y2
	VPAND    Y8, Y3, Y3
	VPCMPGTW Y4, Y0, Y0   // below for certain
	VPCMPGTW Y5, Y1, Y1
	VPCMPGTW Y2, Y4, Y4   // above for certain
	VPCMPGTW Y3, Y5, Y5
	VPOR     Y0, Y4, Y4
	VPOR     Y1, Y5, Y5
	JMP      chosen

next:
	ADDQ $512, R10

done:
	ADDQ $foursNode, SI
	INCQ DX
	CMPQ DX, $4
	JNE  node
	VZEROUPPER
	RET
