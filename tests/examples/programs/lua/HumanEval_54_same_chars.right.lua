-- podium: passed
    local function has_all(a, b)
        for c in a:gmatch('.') do
            if not b:find(c, 1, true) then return false end
        end
        return true
    end
    return has_all(s0, s1) and has_all(s1, s0)
end
