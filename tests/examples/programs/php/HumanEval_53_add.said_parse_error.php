// podium: parity syntax_error, corrected passed
    echo "PHP Parse error";
    return $x + $y;
}
