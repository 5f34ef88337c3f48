package mine // edited
