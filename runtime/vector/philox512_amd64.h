// Macros that the AVX-512 files share. Z30 and Z31 hold the multipliers of Philox4x32,
// one in 64 bits, and DI points to a Philox.

// A round: from numbers a, b, c, d to a, f, c, e; b and d become free.
#define PHILOX_ROUND(key, a, b, c, d, e, f) \
	VPMULUDQ        a, Z30, e;             \
	VPMULUDQ        c, Z31, f;             \
	VPSRLQ          $32, f, a;             \
	VPTERNLOGQ.BCST $0x96, key+0(DI), b, a; \
	VPSHUFD         $0xf5, e, c;           \
	VPTERNLOGQ.BCST $0x96, key+8(DI), d, c

// Four rounds bring every number back to its register. Set k has the registers Z(6k) …
// Z(6k+5); a round in two sets, and in four, by the place of the numbers in six:
#define PHILOX_TWO1(key) \
	PHILOX_ROUND(key, Z0, Z1, Z2, Z3, Z4, Z5); \
	PHILOX_ROUND(key, Z6, Z7, Z8, Z9, Z10, Z11)

#define PHILOX_ROUND1(key) \
	PHILOX_TWO1(key); \
	PHILOX_ROUND(key, Z12, Z13, Z14, Z15, Z16, Z17); \
	PHILOX_ROUND(key, Z18, Z19, Z20, Z21, Z22, Z23)

#define PHILOX_TWO2(key) \
	PHILOX_ROUND(key, Z0, Z5, Z2, Z4, Z1, Z3); \
	PHILOX_ROUND(key, Z6, Z11, Z8, Z10, Z7, Z9)

#define PHILOX_ROUND2(key) \
	PHILOX_TWO2(key); \
	PHILOX_ROUND(key, Z12, Z17, Z14, Z16, Z13, Z15); \
	PHILOX_ROUND(key, Z18, Z23, Z20, Z22, Z19, Z21)

#define PHILOX_TWO3(key) \
	PHILOX_ROUND(key, Z0, Z3, Z2, Z1, Z5, Z4); \
	PHILOX_ROUND(key, Z6, Z9, Z8, Z7, Z11, Z10)

#define PHILOX_ROUND3(key) \
	PHILOX_TWO3(key); \
	PHILOX_ROUND(key, Z12, Z15, Z14, Z13, Z17, Z16); \
	PHILOX_ROUND(key, Z18, Z21, Z20, Z19, Z23, Z22)

#define PHILOX_TWO4(key) \
	PHILOX_ROUND(key, Z0, Z4, Z2, Z5, Z3, Z1); \
	PHILOX_ROUND(key, Z6, Z10, Z8, Z11, Z9, Z7)

#define PHILOX_ROUND4(key) \
	PHILOX_TWO4(key); \
	PHILOX_ROUND(key, Z12, Z16, Z14, Z17, Z15, Z13); \
	PHILOX_ROUND(key, Z18, Z22, Z20, Z23, Z21, Z19)

// After three rounds more x1 and x3 go back to their registers.
#define PHILOX_BACK2 \
	VMOVDQA64 Z4, Z1;  \
	VMOVDQA64 Z5, Z3;  \
	VMOVDQA64 Z10, Z7; \
	VMOVDQA64 Z11, Z9

#define PHILOX_BACK4 \
	PHILOX_BACK2;       \
	VMOVDQA64 Z16, Z13; \
	VMOVDQA64 Z17, Z15; \
	VMOVDQA64 Z22, Z19; \
	VMOVDQA64 Z23, Z21

// The words of both chains of a pair side by side: from x0 and x2 those of slots 0
// and 1, from x1 and x3 those of slots 2 and 3.
#define PHILOX_WORDS(a, b, c, d) \
	VPSHUFD $0xa0, c, K1, a; \
	VPSHUFD $0xa0, d, K1, b

// Constants: Z30, Z31 the multipliers, Z24 … Z28 the head, Z29 the pairs of set 0.
#define PHILOX_CONSTANTS(pairs) \
	MOVQ         k+0(FP), DI;                \
	MOVL         first+8(FP), AX;            \
	VPBROADCASTQ 0(DI), Z24;                 \
	VPBROADCASTQ 8(DI), Z25;                 \
	VPBROADCASTQ 16(DI), Z26;                \
	VPBROADCASTQ 24(DI), Z27;                \
	VPBROADCASTQ 32(DI), Z28;                \
	VPBROADCASTQ AX, Z29;                    \
	VPADDQ       pairs<>(SB), Z29, Z29;      \
	MOVL         $0xD2511F53, AX;            \
	VPBROADCASTQ AX, Z30;                    \
	MOVL         $0xCD9E8D57, AX;            \
	VPBROADCASTQ AX, Z31

// Rounds 1 to 3 of pairs p: numbers a, b, c, d; e and f are free.
#define PHILOX_HEAD(p, a, b, c, d, e, f) \
	VPXORQ    p, Z24, a;      \
	VPMULUDQ  a, Z30, e;      \
	VPSRLQ    $32, e, f;      \
	VPXORQ    Z25, f, f;      \
	VPMULUDQ  f, Z31, b;      \
	VPSRLQ    $32, b, a;      \
	VPXORQ    Z26, a, a;      \
	VPXORQ    Z27, e, c;      \
	VMOVDQA64 Z28, d

// Rounds 4 to 7 of four sets, and to 10 where DX is not 0.
#define PHILOX_ALL(done) \
	PHILOX_ROUND1(40);                              \
	PHILOX_ROUND2(56);                              \
	PHILOX_ROUND3(72);                              \
	PHILOX_ROUND4(88);                              \
	JEQ           done;                             \
	PHILOX_ROUND1(104);                             \
	PHILOX_ROUND2(120);                             \
	PHILOX_ROUND3(136);                             \
	PHILOX_BACK4

// All rounds of four sets, whose pairs are step apart. x0 … x3 end in the first four
// registers of each; DX tells 10 rounds from 7, and AX is free.
#define PHILOX_SETS(step, done) \
	PHILOX_HEAD(Z29, Z0, Z1, Z2, Z3, Z4, Z5);       \
	MOVQ          $step, AX;                        \
	MOVQ          80+72(DI), DX;                    \
	TESTQ         DX, DX;                           \
	VPBROADCASTQ  AX, Z23;                          \
	VPADDQ        Z23, Z29, Z29;                    \
	PHILOX_HEAD(Z29, Z6, Z7, Z8, Z9, Z10, Z11);     \
	VPADDQ        Z23, Z29, Z29;                    \
	PHILOX_HEAD(Z29, Z12, Z13, Z14, Z15, Z16, Z17); \
	VPADDQ        Z23, Z29, Z29;                    \
	PHILOX_HEAD(Z29, Z18, Z19, Z20, Z21, Z22, Z23); \
	PHILOX_ALL(done)

// The same with pairs that are a, a + b and a + b + c behind those of the first set.
#define PHILOX_STEP(step) \
	MOVQ         $step, AX; \
	VPBROADCASTQ AX, Z23;   \
	VPADDQ       Z23, Z29, Z29

#define PHILOX_STEPS(a, b, c, done) \
	PHILOX_HEAD(Z29, Z0, Z1, Z2, Z3, Z4, Z5);       \
	MOVQ 80+72(DI), DX;                             \
	TESTQ DX, DX;                                   \
	PHILOX_STEP(a);                                 \
	PHILOX_HEAD(Z29, Z6, Z7, Z8, Z9, Z10, Z11);     \
	PHILOX_STEP(b);                                 \
	PHILOX_HEAD(Z29, Z12, Z13, Z14, Z15, Z16, Z17); \
	PHILOX_STEP(c);                                 \
	PHILOX_HEAD(Z29, Z18, Z19, Z20, Z21, Z22, Z23); \
	PHILOX_ALL(done)

// Z16 the counter of pair first, Z24 … Z29 the keys.
#define ARS_CONSTANTS \
	MOVQ k+0(FP), DI;     \
	MOVL first+8(FP), AX; \
	ARS_KEYS

// The counter of the pair in AX, in Z16, and the keys of DI.
#define ARS_KEYS \
	SHLQ            $32, AX;              \
	MOVL            $0x55, BX;            \
	KMOVW           BX, K1;               \
	VPBROADCASTQ.Z  AX, K1, Z16;          \
	VBROADCASTI32X4 0(DI), Z17;           \
	VPADDD          Z17, Z16, Z16;        \
	VBROADCASTI32X4 16(DI), Z24;          \
	VBROADCASTI32X4 32(DI), Z25;          \
	VBROADCASTI32X4 48(DI), Z26;          \
	VBROADCASTI32X4 64(DI), Z27;          \
	VBROADCASTI32X4 80(DI), Z28;          \
	VBROADCASTI32X4 96(DI), Z29

#define ARS_ALL(op, key) \
	op key, Z0, Z0; \
	op key, Z1, Z1; \
	op key, Z2, Z2; \
	op key, Z3, Z3; \
	op key, Z4, Z4; \
	op key, Z5, Z5; \
	op key, Z6, Z6; \
	op key, Z7, Z7

// The same from counters after the first round.
#define ARS_ROUNDS \
	ARS_ALL(VAESENC, Z26);            \
	ARS_ALL(VAESENC, Z27);            \
	ARS_ALL(VAESENC, Z28);            \
	ARS_ALL(VAESENCLAST, Z29)
