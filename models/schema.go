package models

import _ "embed"

//go:embed schema.json
var schemaJSON string

// Schema is the JSON schema of the model file, as package gen/schema makes it.
func Schema() string { return schemaJSON }
