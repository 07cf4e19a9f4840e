-- podium: syntax_error
    goto nowhere
    return #string
end
