// podium: output_limit
    for ($i = 0; $i < 40000; $i++) {
        echo "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
    }
    return $x + $y;
}
