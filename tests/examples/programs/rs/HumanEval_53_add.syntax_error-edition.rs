// podium: syntax_error
    let sum = async { x + y };
    futures::executor::block_on(sum)
