// podium: passed
    let n = arr.len();
    (0..n / 2).filter(|&i| arr[i] != arr[n - 1 - i]).count() as isize
