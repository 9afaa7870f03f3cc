"""Sessions as files, read and written piece by piece: a row for each question and each person who said something of it.

Nobody finds more in a file than on the pages.
"""
