module jcheck

go 1.26
