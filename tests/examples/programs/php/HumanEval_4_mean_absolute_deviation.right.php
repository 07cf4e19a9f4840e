// podium: passed
    $mean = array_sum($numbers) / count($numbers);
    $total = 0.0;
    foreach ($numbers as $number) {
        $total += abs($number - $mean);
    }
    return $total / count($numbers);
}
