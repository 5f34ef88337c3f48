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
