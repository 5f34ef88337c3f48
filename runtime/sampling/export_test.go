package sampling

// SetLayerCache sets how many bytes of tables a layer may have and gives back what it was.
func SetLayerCache(n int) int {
	was := layerCache
	layerCache = n
	return was
}
