// podium: passed
{
    long sum = 0, product = 1;
    foreach (number; numbers) {
        sum += number;
        product *= number;
    }
    return tuple(sum, product);
}
