package vector

import (
	"encoding/binary"
	"os"
	"runtime"
)

// ArmAES says whether this is an arm64 processor with the instructions of AES, which some
// with NEON lack: that of a Raspberry Pi 4 is one.
var ArmAES = armAES()

// armAES asks the auxiliary vector that Linux gives to processes; Apple's processors
// all have AES. Where nothing is known there is none.
func armAES() bool {
	if runtime.GOARCH != "arm64" || runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return runtime.GOARCH == "arm64"
	}
	pairs, _ := os.ReadFile("/proc/self/auxv")
	return auxiliaryAES(pairs)
}

// auxiliaryAES looks for the bit of AES in pairs of a kind and a value.
func auxiliaryAES(pairs []byte) bool {
	const hwcap, aes = 16, 1 << 3 // AT_HWCAP, HWCAP_AES
	for ; len(pairs) >= 16; pairs = pairs[16:] {
		if binary.LittleEndian.Uint64(pairs) == hwcap {
			return binary.LittleEndian.Uint64(pairs[8:])&aes != 0
		}
	}
	return false
}
