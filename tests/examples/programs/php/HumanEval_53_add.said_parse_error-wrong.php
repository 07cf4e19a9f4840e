// podium: parity syntax_error, corrected failed
    echo "PHP Parse error";
    return $x - $y;
}
