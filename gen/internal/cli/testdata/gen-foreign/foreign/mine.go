package mine
