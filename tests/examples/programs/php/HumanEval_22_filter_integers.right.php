// podium: passed
    return array_values(array_filter($values, 'is_int'));
}
