// podium: passed
    $balance = 0;
    foreach ($operations as $operation) {
        $balance += $operation;
        if ($balance < 0) {
            return true;
        }
    }
    return false;
}
