// Macros that the AVX2 files share. Y14 and Y15 hold the multipliers of Philox4x32, one in
// 64 bits, and DI points to a Philox.

// A round of both sets with a common key: from a, b, c, d to a, f, c, e. Rounds wait for
// each other's products; b and d, which are there before them, take the key.
#define PAIRS_ROUND(key, a, b, c, d, e, f, g, h, i, j, k, l) \
	VPMULUDQ     c, Y15, f;            \
	VPMULUDQ     a, Y14, e;            \
	VPMULUDQ     i, Y15, l;            \
	VPMULUDQ     g, Y14, k;            \
	VPBROADCASTQ key+0(DI), Y12;       \
	VPBROADCASTQ key+8(DI), Y13;       \
	VPXOR        Y12, b, b;            \
	VPXOR        Y13, d, d;            \
	VPXOR        Y12, h, h;            \
	VPXOR        Y13, j, j;            \
	VPSRLQ       $32, f, a;            \
	VPSHUFD      $0xf5, e, c;          \
	VPSRLQ       $32, l, g;            \
	VPSHUFD      $0xf5, k, i;          \
	VPXOR        b, a, a;              \
	VPXOR        d, c, c;              \
	VPXOR        h, g, g;              \
	VPXOR        j, i, i

#define PAIRS_ROUND1(key) PAIRS_ROUND(key, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11)
#define PAIRS_ROUND2(key) PAIRS_ROUND(key, Y0, Y5, Y2, Y4, Y1, Y3, Y6, Y11, Y8, Y10, Y7, Y9)
#define PAIRS_ROUND3(key) PAIRS_ROUND(key, Y0, Y3, Y2, Y1, Y5, Y4, Y6, Y9, Y8, Y7, Y11, Y10)
#define PAIRS_ROUND4(key) PAIRS_ROUND(key, Y0, Y4, Y2, Y5, Y3, Y1, Y6, Y10, Y8, Y11, Y9, Y7)

// After three rounds more x1 and x3 go back to their registers.
#define PAIRS_BACK \
	VMOVDQA Y4, Y1;  \
	VMOVDQA Y5, Y3;  \
	VMOVDQA Y10, Y7; \
	VMOVDQA Y11, Y9
