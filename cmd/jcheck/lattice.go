package main

import "jcheck/render"

// latticeModels are the models that a check can rule out, for the picture of the lattice.
func latticeModels() []render.LatticeModel {
	var list []render.LatticeModel
	all := allModels()
	for i := range all {
		if m := &all[i]; latticePart(m) >= 0 {
			list = append(list, render.LatticeModel{Name: m.Name, Weaker: m.Implies, Note: m.Meaning})
		}
	}
	return list
}
