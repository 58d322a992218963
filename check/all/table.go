package all

import "slices"

// Checkers is the table, in the order in which lists show it. Each file named after a kind of object adds its rows.
func Checkers() []Checker {
	return slices.Concat(objects(), sets(), sums(), moving(), general(), orders(), logs(), replicas())
}
