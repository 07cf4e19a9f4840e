// podium: passed
    return `db${decimal.toString(2)}db`;
}
