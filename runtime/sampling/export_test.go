package sampling

// SetLayerCache sets how many bytes of tables a layer may have and gives back what it was.
func SetLayerCache(n int) int {
	was := layerCache
	layerCache = n
	return was
}

// Quick reports whether Langevin has a way of its own there.
func (s *Sampler) Quick() bool { return s.quickJoint(s.blocks[0][0]) }

// Dense reports whether the forces of the joint move are dense.
func (s *Sampler) Dense() bool { return s.blocks[len(s.blocks)-1][0].dense != nil }
