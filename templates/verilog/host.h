/* {{.Header}}
 *
 * Registers of {{.Model}}_axi, whose meaning registers.md tells, and what a host computes
 * for it: states to load, so that the array gives the bits of every other target under a
 * seed of the host's choice, and clamps.
 */
#ifndef THRMLGEN_{{.Upper}}_H
#define THRMLGEN_{{.Upper}}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

{{.Registers}}
#define {{.Upper}}_FRAME_WORDS {{.Words}}u

/* States of chains are codes of nodes: 0 for a spin -1, 1 for +1, the number of a category.
 * {{.Model}}_start gives the initial ones of the chains {{.K}}·group … {{.K}}·group + {{.LastChain}}
{{- if .PerChain}}.
 * The model gives values to each chain in a file; those of the first one serve for all. */
{{- else}}. */
{{- end}}
void {{.Model}}_start(uint64_t seed, uint32_t group, uint16_t states[{{.K}}][{{.Nodes}}]);

/* The words for LOAD after a start with load: the array goes on with these states in this
 * sweep (0 for initial ones; less than 2^48). The first call takes some milliseconds more and
 * none may run beside it. */
void {{.Model}}_image(uint64_t seed, uint32_t group, uint64_t sweep, uint16_t states[{{.K}}][{{.Nodes}}],
                      uint32_t words[{{.LoadWords}}]);

/* Adds the clamp of a node to the words of CLAMP_MASK and CLAMP_VALUE. */
void {{.Model}}_clamp(uint32_t node, uint16_t code, uint32_t mask[{{.MaskWords}}], uint32_t value[{{.Words}}]);

/* The codes of the nodes in the words of a frame. */
void {{.Model}}_frame(const uint32_t frame[{{.Words}}], uint16_t state[{{.Nodes}}]);

#ifdef __cplusplus
}
#endif
#endif
